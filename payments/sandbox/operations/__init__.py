"""One file per noun of the provider's API; `routes.py` names the path of each operation."""
