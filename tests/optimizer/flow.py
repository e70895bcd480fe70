"""The largest flow between two nodes, by shortest augmenting paths: the tiniest thing that is right."""

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping


def find_largest_flow(arcs: Mapping[tuple[Hashable, Hashable], int], source: Hashable, sink: Hashable) -> int:
    """Return how many whole units go from `source` to `sink`; `arcs` are capacities by tail and head."""
    left: dict[Hashable, dict[Hashable, int]] = defaultdict(dict)
    for (tail, head), capacity in arcs.items():
        left[tail][head] = left[tail].get(head, 0) + capacity
        left[head].setdefault(tail, 0)
    flow = 0
    while True:
        came_from: dict[Hashable, Hashable] = {source: source}
        queue = deque([source])
        while queue and sink not in came_from:
            node = queue.popleft()
            for head, capacity in left[node].items():
                if capacity > 0 and head not in came_from:
                    came_from[head] = node
                    queue.append(head)
        if sink not in came_from:
            return flow
        path = [sink]
        while path[-1] != source:
            path.append(came_from[path[-1]])
        steps = list(zip(path[1:], path, strict=False))
        units = min(left[tail][head] for tail, head in steps)
        for tail, head in steps:
            left[tail][head] -= units
            left[head][tail] += units
        flow += units
