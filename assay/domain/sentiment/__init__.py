"""How people feel: which texts tell it, what they tell, and what many of them tell together."""
