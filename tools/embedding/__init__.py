"""How robots are embedded: recipes, the packages that they name, and what is written of them."""
