"""How the PMS's pages are reached, as `service.toml` says it."""

from pathlib import Path

from edge.settings import Settings
from pms.kernel.http.limits import Limits
from pms.kernel.http.reach import Reach, networks
from pms.listening import Listening
from pms.tls import TlsFiles, local_files


def listening(settings: Settings, data: Path) -> Listening:
    """Certificate, names, proxies and limits."""
    http, security = settings.http, settings.security
    own = TlsFiles(*http.files(data)) if http.tls == "files" else local_files(data)
    return Listening(
        tls=None if http.tls == "off" else own,
        redirect_port=http.redirect_port,
        reach=Reach(networks(http.trusted_proxies), http.public_url, frozenset(http.names)),
        limits=Limits(security.requests_per_person, security.requests_per_address, security.sign_ins_per_minute),
    )
