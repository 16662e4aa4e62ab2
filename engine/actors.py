"""Who acts: a member of staff with their posts, a citizen with a secret code, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Post:
    """One role at one unit (岗位)."""

    unit_id: int
    role: str


@dataclass(frozen=True)
class Actor:
    """The person or machine on whose behalf an operation runs.

    `ref` is what the trail records: `staff:1024`, `citizen:<case number>`, `system:clock`. Never a name.
    """

    ref: str
    district_id: int
    posts: tuple[Post, ...] = ()
    staff_id: int | None = None
    covers: frozenset[int] = frozenset()
    """Units that the centres overlay at which the actor has posts."""

    def holds(self, unit_id: int, *roles: str) -> bool:
        """Whether the actor has one of `roles` at this very unit."""
        return any(post.unit_id == unit_id and post.role in roles for post in self.posts)

    @property
    def unit_ids(self) -> frozenset[int]:
        return frozenset(post.unit_id for post in self.posts)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(post.role for post in self.posts)


def system(district_id: int, part: str = "clock") -> Actor:
    """The engine acting by itself, for a timer, a migration or an import."""
    return Actor(ref=f"system:{part}", district_id=district_id)
