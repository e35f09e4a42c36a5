"""Whether a page is well formed, and what it holds."""

from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Checker(HTMLParser):
    """Collect tags, attributes and text; complain about tags that do not close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.contents, self._starts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.extend((tag, name, value) for name, value in attributes)
        if tag not in VOID:
            self.open.append(tag)
            self._starts.append(len(self.text))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.contents.append((tag, "".join(self.text[self._starts.pop() :])))

    def handle_data(self, data):
        self.text.append(data)


def check(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert not checker.open
    identifiers = [value for _, name, value in checker.attributes if name == "id"]
    assert len(set(identifiers)) == len(identifiers)
    return checker
