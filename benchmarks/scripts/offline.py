"""A plug-in of asv: the scripts that its pages load from elsewhere are put beside them: they need no network."""

import re
import shutil
from pathlib import Path
from typing import Any

from asv.console import log
from asv.publishing import OutputPublisher

WWW = Path(__file__).parent.parent / "www"
ELSEWHERE = re.compile(r'(src|href)="https://[^"]*/([^/"]+\.(?:js|css))"[^>]*?(/?>)')


class Offline(OutputPublisher):
    """Rewrites index.html at the end of ``asv publish``; what is not in www/ is loaded from elsewhere as before."""

    @classmethod
    def publish(cls, conf: Any, *_: Any) -> None:
        """Copy what the page names, and name the copies in it."""
        index = Path(conf.html_dir) / "index.html"
        index.write_text(ELSEWHERE.sub(lambda tag: _beside(tag, index.parent), index.read_text()))


def _beside(tag: re.Match[str], folder: Path) -> str:
    kind, name, end = tag.groups()
    found = [file for file in (WWW / name, WWW / name.replace(".min.", ".")) if file.exists()]
    if not found:
        log.warning(f"{name} is not in {WWW.name}/: the page loads it over the network")
        return tag[0]
    shutil.copy(found[0], folder)
    return f'{kind}="{found[0].name}"{end}'
