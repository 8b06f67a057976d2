"""Every scan of a population: who takes part, what they answer, what a method finds, and what is true."""
