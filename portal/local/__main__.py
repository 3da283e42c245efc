"""python -m portal.local start | stop | manage COMMAND… | run PROGRAM… | clean"""

import os
import sys

from portal.local.folder import default_folder
from portal.local.lock import AlreadyRunning
from portal.local.manage import manage, run
from portal.local.problems import CannotStart
from portal.local.start import describe, start
from portal.local.stop import clean, stop


def main(arguments: list[str]) -> int:
    folder, given = default_folder(), os.environ
    try:
        match arguments:
            case ["start"]:
                return start(folder, given)
            case ["stop"]:
                print("Stopped." if stop(folder) else "Nothing is running in this folder.")
                return 0
            case ["clean"]:
                clean(folder)
                return 0
            case ["manage", *command]:
                return manage(folder, given, command)
            case ["run", program, *rest]:
                return run(folder, given, [program, *rest])
    except AlreadyRunning as error:
        print(describe(error.running), file=sys.stderr)
        return 1
    except CannotStart as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
