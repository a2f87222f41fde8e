"""python -m speech transcribe|live|mask|convert|submit|prepare ... : recordings to text, from the command line."""

import argparse
import sys
from importlib import import_module

from common.messages import UserError, locale_language

# Each module has `add_command(commands)`. Only that of the command asked for is imported: some take seconds.
COMMANDS = {
    "transcribe": "speech.command",
    "live": "speech.live.command",
    "mask": "speech.privacy.command",
    "convert": "transcripts.convert",
    "submit": "speech.submit",
    "prepare": "speech.prepare",
}


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done; 2 the request was wrong (one line on standard error says how to mend it)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m speech", description="Recordings to text with Whisper.")
    commands = parser.add_subparsers(dest="command", required=True)
    try:
        for name in COMMANDS.keys() & set(arguments[:1]) or COMMANDS:
            import_module(COMMANDS[name]).add_command(commands)
        at = arguments.index("--") if arguments[:1] == ["submit"] and "--" in arguments else len(arguments)
        asked = parser.parse_args(arguments[:at])
        asked.options = arguments[at + 1 :]  # of another command, which argparse would take for this one's
        return asked.run(asked)
    except UserError as error:
        print(f"speech: {error.message.to(locale_language())}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
