"""One holder of a post at a time; another as soon as it is gone."""

from __future__ import annotations

import asyncio

import asyncpg

from bot.store.postgres import store


async def test_a_post_has_one_holder_and_passes_on_when_given_up(postgres_url: str) -> None:
    async with store.lead(postgres_url, "telegram") as lost:
        waiting = asyncio.create_task(_hold(postgres_url, "telegram"))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
        assert not lost.is_set()
    await asyncio.wait_for(waiting, 5)


async def test_posts_are_independent(postgres_url: str) -> None:
    async with store.lead(postgres_url, "telegram"):
        await asyncio.wait_for(_hold(postgres_url, "slack"), 5)


async def test_who_loses_the_database_loses_the_post(postgres_url: str) -> None:
    async with store.lead(postgres_url, "telegram") as lost:
        killer = await asyncpg.connect(postgres_url)
        await killer.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        await killer.close()
        await asyncio.wait_for(lost.wait(), 5)
        await asyncio.wait_for(_hold(postgres_url, "telegram"), 5)


async def test_a_candidate_waits_out_a_database_that_is_away(postgres_url: str) -> None:
    candidate = asyncio.create_task(_hold(postgres_url.replace("host=/", "host=/nowhere/"), "telegram"))
    done, _ = await asyncio.wait([candidate], timeout=0.1)
    assert not done
    candidate.cancel()


async def _hold(dsn: str, post: str) -> None:
    async with store.lead(dsn, post):
        pass
