"""Pictures that look alike to a classifier, found again among very many."""
