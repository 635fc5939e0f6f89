"""What stands behind `make run`, `make test`, `make check`, `make reset` and `make lock`.

Everything here runs before the project's environment exists, so it uses the standard library only and never imports
Django or the portal's own code. All state it makes lies under `.local/` of the checkout (and, for root, in the folder
that `postgres.home` names).
"""
