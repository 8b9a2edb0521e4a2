"""What the feed says of each verb, by subject; another app's verb brings its own words in `data["text"]`."""

from crm.card.feed_line import Sentence
from crm.card.sentences import changes, talks, work

SENTENCES: dict[str, Sentence] = {**changes.SENTENCES, **talks.SENTENCES, **work.SENTENCES}
