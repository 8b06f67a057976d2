"""How models write: features of recorded answers, likeness between models, and what it allows to say."""
