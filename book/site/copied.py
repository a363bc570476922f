"""What the button over a block of code copies: what a reader types, without prompts and outputs."""

import re

from markdown.postprocessors import Postprocessor

SESSION = re.compile(
    r'(?P<head><div class="language-(?P<language>pycon|console) [^>]*>'
    r"<pre><span></span><code>)(?P<lines>.*?)(?P<foot></code>)",
    re.DOTALL,
)
PROMPT = '<span class="gp">'
OUTPUT = '<span class="output">'
SIGNATURE = 'doc-signature highlight"'


def marked(lines: str) -> str:
    r"""Mark the lines of a session that nobody types, their line ends included.

    Parameters
    ----------
    lines : str
        The lines as Pygments writes them: a typed one begins with a prompt.

    Examples
    --------
    >>> marked('<span class="gp">$ </span>pwd\n<span class="go">/tmp</span>\n')
    '<span class="gp">$ </span>pwd\n<span class="output"><span class="go">/tmp</span>\n</span>'
    """
    return "".join(
        line if line.startswith(PROMPT) else f"{OUTPUT}{line}</span>"
        for line in lines.splitlines(keepends=True)
    )


class Copied(Postprocessor):
    """Mark what a style hides while a block is copied; no button where there is no code to run.

    The colours do not say it: a traceback has several, and a command without a prompt has that of
    an output.
    """

    def run(self, text: str) -> str:
        """Mark outputs, once; a signature is not to be copied."""
        text = text.replace(SIGNATURE, SIGNATURE[:-1] + ' no-copy"')
        return SESSION.sub(self.mark, text)

    def mark(self, match: re.Match[str]) -> str:
        """Mark one block, unless it holds nothing but commands, or a docstring's page did it."""
        if PROMPT not in match["lines"] or OUTPUT in match["lines"]:
            return match[0]
        return f"{match['head']}{marked(match['lines'])}{match['foot']}"
