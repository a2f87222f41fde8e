"""The turns that a visitor has checked, kept as a corpus that the other tabs open. Nothing else is ever kept."""

from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import UserError
from ui.calls.call import Call
from ui.calls.downloads import shown
from ui.calls.session import CallSession
from ui.kit import corpus_field
from ui.kit.i18n import message

if TYPE_CHECKING:
    from transcripts.transcript import Turn

NAME = "appels-corriges"  # of the corpus


def turns(call: Call, session: CallSession) -> list["Turn"]:
    """Those that were checked; where personal data are masked, those in which there are none."""
    if not call.transcript:
        return []
    seen, own = shown(call, session).turns, call.turns
    return [own[at] for at in sorted(call.checked) if own[at].text and seen[at].text == own[at].text]


def keep(call: Call | None, session: CallSession, consent: bool) -> tuple[int, str]:
    """Adds the turns to the corpus: how many, and its name. Raises UserError without consent, or without a turn."""
    from corpus.corrected_calls import keep
    from speech.audio import channels

    found = turns(call, session) if call else []
    if not found:
        raise UserError(*message("nothing_checked"))
    if call.path is None:
        raise UserError(*message("recording_wanted", name=call.name))
    name = f"{Path(call.name).stem}-{call.upload.parent.name[:8]}"  # the content's hash tells twins apart
    mixed = channels.separate_channels(call.transcript.line, call.options.channels) is None
    language = call.transcript.language
    clips = keep(corpus_field.root() / NAME, call.path, found, call=name, consent=consent, language=language, mix=mixed)
    return clips, NAME
