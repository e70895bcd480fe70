"""Which sessions lie near which: those that share needs, nearest first, as many as a question can afford."""

from collections.abc import Container, Iterable, Sequence

from optimizer.rules.compatibility import Pair


class Neighbours:
    """The pairs of a round seen from both sides. The order of what it returns depends on the pairs alone."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.sessions_of_need: dict[str, list[str]] = {}
        self.needs_of_session: dict[str, list[str]] = {}
        for pair in pairs:
            self.sessions_of_need.setdefault(pair.need, []).append(pair.session)
            self.needs_of_session.setdefault(pair.session, []).append(pair.need)
        for sessions in self.sessions_of_need.values():
            sessions.sort(key=lambda session: (len(self.needs_of_session[session]), session))

    def near(
        self,
        sessions: Sequence[str],
        most_pairs: int,
        *,
        open_needs: Container[str] | None = None,
        then: Iterable[str] = (),
    ) -> list[str]:
        """Return these sessions and those that needs of theirs could go to, outwards, as many as fit.

        Parameters
        ----------
        sessions: where to begin; they are always among what is returned.
        most_pairs: about how many pairs may be free in all of them together.
        open_needs: where only these needs can still gain (in a repair the others are held), the only pairs
            that count, and the only ones to go outwards by.
        then: sessions near in another way (they draw on the same supports, say), after the first ring.
        """

        def is_open(need: str) -> bool:
            return open_needs is None or need in open_needs

        room = most_pairs
        found: list[str] = []
        seen: set[str] = set()

        def add(session: str, is_wanted: bool) -> None:
            nonlocal room
            pairs = sum(map(is_open, self.needs_of_session.get(session, ())))
            if session not in seen and (is_wanted or 0 < pairs <= room):
                seen.add(session)
                found.append(session)
                room -= pairs

        for session in sessions:
            add(session, is_wanted=True)
        first_ring = len(found)
        seen_needs: set[str] = set()
        for position, session in enumerate(found):  # It grows while it is read.
            if position == first_ring:
                for other in then:
                    add(other, is_wanted=False)
            for need in self.needs_of_session.get(session, ()):
                if room > 0 and need not in seen_needs and is_open(need):
                    seen_needs.add(need)
                    for other in self.sessions_of_need[need]:
                        add(other, is_wanted=False)
        return found
