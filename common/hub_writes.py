"""What writes to the Hub needs: a token, and the refusals of the Hub's client as sentences."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from common.hub import UNANSWERED, offline
from common.messages import UserError


def token_from_environment() -> str:
    """HF_TOKEN: a token on the command line would show in the list of processes and in the shell's history."""
    if offline():
        raise UserError(
            en="ALLO_OFFLINE is set: unset it to reach the Hub.",
            fr="ALLO_OFFLINE est défini : enlevez-le pour atteindre le Hub.",
        )
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        raise UserError(
            en="There is no token: set HF_TOKEN to one that may write, from your settings on the Hub.",
            fr="Il n'y a pas de jeton : réglez HF_TOKEN sur un jeton qui peut écrire, de vos réglages sur le Hub.",
        )
    return token


@contextmanager
def refusals(repository: str) -> Iterator[None]:
    """Turns what the Hub's client raises into a UserError."""
    try:
        yield
    except UserError:
        raise
    except HFValidationError as error:
        raise UserError(
            en=f"{repository!r} is no name of a repository: write OWNER/NAME, of letters, digits, dots and dashes.",
            fr=f"{repository!r} n'est pas un nom de dépôt : écrivez PROPRIÉTAIRE/NOM, en lettres, chiffres, points et "
            "tirets.",
        ) from error
    except HfHubHTTPError as error:
        raise _refused(repository, error) from error
    except ValueError as error:  # a card that the Hub finds faulty
        raise UserError(
            en=f"The Hub does not take {repository} ({_line(str(error))}): mend the card, README.md.",
            fr=f"Le Hub n'accepte pas {repository} ({_line(str(error))}) : corrigez la fiche, README.md.",
        ) from error
    except (*UNANSWERED, RuntimeError) as error:  # a RuntimeError is an upload that broke off
        raise UserError(
            en=f"The Hub is out of reach or broke off, {repository} has no new version: try again.",
            fr=f"Le Hub est hors d'atteinte ou s'est interrompu, {repository} n'a pas de nouvelle version : réessayez.",
        ) from error


def _refused(repository: str, error: HfHubHTTPError) -> UserError:
    status = error.response.status_code
    if status == 401:
        return UserError(
            en="The Hub does not know the token in HF_TOKEN: make one that may write in your settings there.",
            fr="Le Hub ne connaît pas le jeton de HF_TOKEN : créez-en un qui peut écrire dans vos réglages.",
        )
    if status == 402:
        return UserError(
            en="The Hub asks for payment (402): add credit or a plan to the account, then try again.",
            fr="Le Hub demande un paiement (402) : ajoutez du crédit ou un abonnement au compte, puis réessayez.",
        )
    if status in (403, 409):
        return not_yours(repository)
    reason = _line(error.server_message or str(error))
    return UserError(
        en=f"The Hub refused {repository} ({status}): {reason}",
        fr=f"Le Hub a refusé {repository} ({status}) : {reason}",
    )


def not_yours(repository: str) -> UserError:
    return UserError(
        en=f"{repository} is not yours to write with this HF_TOKEN: name one of your own, or set a token that may.",
        fr=f"{repository} n'est pas à vous avec ce HF_TOKEN : nommez un dépôt à vous, ou réglez un jeton qui peut "
        "y écrire.",
    )


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
