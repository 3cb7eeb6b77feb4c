"""Footnote where it runs: newer Pythons, the image, replicas behind the proxy. Needs root and Debian's packages.

Each target (`make test-newer`, `make image-test`, `make scale-test`) installs what it needs where it may, and says in a
sentence what is missing where it cannot. None is part of `make test`.
"""
