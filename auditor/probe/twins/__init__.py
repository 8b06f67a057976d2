"""A teacher among its twins: whom the suspect follows of models that one recipe made."""
