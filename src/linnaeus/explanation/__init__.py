"""Why a classifier answers as it does, and how far its explanations can be believed."""
