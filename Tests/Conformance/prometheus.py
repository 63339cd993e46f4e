"""Prometheus' text format, version 0.0.4, read as strictly as it is written down."""
import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.*)")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


@dataclass
class Family:
    """The samples of one name: a value for each set of labels."""

    type: str = "untyped"
    help: str = ""
    samples: dict = field(default_factory=dict)

    def __call__(self, **labels):
        """The value of a sample; None where there is none."""
        return self.samples.get(frozenset(labels.items()))

    def of(self, label):
        """The values by one label, where it is the only one."""
        return {dict(labels)[label]: value for labels, value in self.samples.items()}


def parsed_labels(text):
    labels, place = {}, 0
    while text and place < len(text):
        match = LABEL.match(text, place)
        assert match, f"not a list of labels: {text}"
        name, value, _ = match.groups()
        assert name not in labels, f"{name} twice: {text}"
        labels[name] = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), value)
        place = match.end()
    return labels


def parsed_metrics(text):
    """The families by their names; fails where the text is not as the format has it."""
    families, last = {}, None
    assert text.endswith("\n") and "\r" not in text
    for line in text[:-1].split("\n"):
        if comment := COMMENT.fullmatch(line):
            kind, name, rest = comment.groups()
            # All of a family stand together, and what it is stands before its samples.
            assert name == last or name not in families, f"{name} is in two places"
            family = families.setdefault(name, Family())
            assert not family.samples, f"{name} is described after its samples"
            if kind == "TYPE":
                assert rest in TYPES and family.type == "untyped", line
                family.type = rest
            else:
                assert not family.help, line
                family.help = rest
            last = name
            continue
        assert not line.startswith("#") and line, f"not a line of the format: {line!r}"
        sample = SAMPLE.fullmatch(line)
        assert sample, f"not a sample: {line!r}"
        name, labels, value = sample.groups()
        assert name == last, f"{name} stands apart from what is said of it"
        key = frozenset(parsed_labels(labels).items())
        assert key not in families[name].samples, f"twice: {line}"
        families[name].samples[key] = float(value)
    return families
