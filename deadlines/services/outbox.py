"""Putting messages into the outbox, in the transaction that writes their notices (docs/adr/0015)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from deadlines.channels import channels_of
from organisations.models import District

# More than so many at once for one person and channel become one message.
DIGEST_OVER = 5

# One message per notice and channel, or one per person and channel. The head of a group names it within the statement.
_QUEUE = """
WITH due AS (
    SELECT n.id AS notice_id, n.person_id, n.post_id, u.district_id, wanted.channel,
        count(*) OVER (PARTITION BY n.person_id, u.district_id, wanted.channel) AS together
    FROM deadlines_notice n
    JOIN organisations_post p ON p.id = n.post_id
    JOIN organisations_unit u ON u.id = p.unit_id
    JOIN organisations_person person ON person.id = n.person_id
    JOIN unnest(%(districts)s::bigint[], %(kinds)s::text[], %(channels)s::text[]) AS wanted (district_id, kind, channel)
        ON wanted.district_id = u.district_id AND wanted.kind = split_part(n.rung, '-', 1)
    WHERE n.id = ANY(%(notices)s)
      AND CASE wanted.channel WHEN 'email' THEN person.email ELSE person.phone END <> ''
      AND NOT EXISTS (SELECT FROM deadlines_messageitem i WHERE i.notice_id = n.id AND i.channel = wanted.channel)
),
headed AS (
    SELECT *, together > %(over)s AS is_digest, min(notice_id) OVER (
        PARTITION BY person_id, district_id, channel, CASE WHEN together > %(over)s THEN 0 ELSE notice_id END
    ) AS head
    FROM due
),
named AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, channel, head, person_id, post_id, district_id, is_digest
    FROM headed WHERE notice_id = head
),
made AS (
    INSERT INTO deadlines_message (id, district_id, person_id, post_id, channel, is_digest, state, queued_at,
        next_attempt_at, attempts, last_error, subject, text)
    SELECT id, district_id, person_id, post_id, channel, is_digest, 'queued', %(at)s, %(at)s, 0, '', '', '' FROM named
)
INSERT INTO deadlines_messageitem (message_id, notice_id, channel)
SELECT named.id, headed.notice_id, headed.channel
FROM headed JOIN named USING (head, channel)
"""


def queue_messages(notice_ids: Sequence[int], *, at: datetime, after_silence: bool = False) -> None:
    """What the district sends out of these notices. `after_silence`: whoever gets more than one gets a digest."""
    if not notice_ids:
        return
    rows = [
        (district.pk, kind, channel)
        for district in District.objects.all()
        for kind, channels in channels_of(district).items()
        for channel in channels
    ]
    if not rows:
        return
    districts, kinds, channels = zip(*rows, strict=True)
    values: dict[str, Any] = {
        "notices": list(notice_ids),
        "districts": list(districts),
        "kinds": list(kinds),
        "channels": [str(c) for c in channels],
        "over": 1 if after_silence else DIGEST_OVER,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, values)
