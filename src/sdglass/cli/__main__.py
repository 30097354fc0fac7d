"""``python -m sdglass.cli``."""

import sys

from sdglass.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
