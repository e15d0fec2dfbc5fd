"""What can be wrong with a data set: a module for each kind of trouble."""
