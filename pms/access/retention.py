"""How long people's comings and goings are kept. A session itself ends by its own time."""

from pms.access.session_store import SESSION_ENDED, SESSION_STARTED
from pms.access.sessions import SESSION_REFUSED, SIGN_IN_ATTACKED
from pms.kernel.redaction import Redaction

_KINDS = tuple(kind.name for kind in (SESSION_STARTED, SESSION_ENDED, SESSION_REFUSED, SIGN_IN_ATTACKED))

REDACTIONS = (Redaction("sign_ins", _KINDS, frozenset({"subject", "actor"})),)
