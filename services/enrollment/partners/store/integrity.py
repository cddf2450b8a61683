"""What this database can prove of itself about partners and persons: each query finds what breaks an invariant."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import Invariant, found_by

_COVERED_AND_OPTED_OUT: Final = """
SELECT 'policy ' || p.policy_id || ' covers a person who opted out'
       || CASE WHEN o.lifted_at IS NULL THEN '' ELSE ', by a consent that is not younger' END
FROM opt_outs o JOIN policies p USING (person_token)
WHERE p.state IN ('in_force', 'upcoming') AND (o.lifted_at IS NULL OR p.consent_given_at <= o.opted_out_at)
"""
_MOVED_ELSEWHERE: Final = """
SELECT 'policy ' || m.policy_id || ' moved to partner ' || m.to_partner_no || ' and is with partner ' || p.partner_no
FROM (
    SELECT DISTINCT ON (policy_id) policy_id, to_partner_no FROM policy_transfers ORDER BY policy_id, version DESC
) m JOIN policies p USING (policy_id) WHERE p.partner_no <> m.to_partner_no
"""
_MOVED_WITHOUT_NOTICE: Final = """
SELECT 'policy ' || t.policy_id || ' moved and its insured is not to be told'
FROM policy_transfers t LEFT JOIN notices n ON n.policy_id = t.policy_id AND n.partner_no = t.from_partner_no
WHERE n.policy_id IS NULL
"""
_WIND_DOWN_MISCOUNTED: Final = """
SELECT 'the end of partner ' || w.partner_no || ' lists ' || w.listed || ' and moved ' || w.transferred
       || '; there are ' || n.listed || ' notices and ' || t.moved || ' moves'
FROM wind_downs w,
     LATERAL (SELECT count(*) AS listed FROM notices x WHERE x.partner_no = w.partner_no) n,
     LATERAL (SELECT count(*) AS moved FROM policy_transfers x WHERE x.from_partner_no = w.partner_no) t
WHERE (w.listed, w.transferred) <> (n.listed, t.moved)
"""
_LEFT_BEHIND: Final = """
SELECT 'policy ' || p.policy_id || ' runs with partner ' || p.partner_no || ', which ended and is not to be told'
FROM wind_downs w JOIN policies p USING (partner_no)
LEFT JOIN notices n ON n.partner_no = w.partner_no AND n.policy_id = p.policy_id
WHERE w.state = 'done' AND p.state IN ('in_force', 'upcoming') AND (w.transfer_to IS NOT NULL OR n.policy_id IS NULL)
"""
_STATE_WITHOUT_WORK: Final = """
SELECT 'partner ' || p.partner_no || ' is ' || p.state || CASE WHEN w.partner_no IS NULL THEN ' and nobody lists its'
       ELSE ' and its insured are listed as if it ended' END
FROM partners p LEFT JOIN wind_downs w USING (partner_no) WHERE (p.state = 'wind_down') <> (w.partner_no IS NOT NULL)
"""

INVARIANTS: Final = (
    Invariant(
        10,
        "partners end in legal steps, and nobody who opted out is covered",
        found_by(
            _COVERED_AND_OPTED_OUT,
            _MOVED_ELSEWHERE,
            _MOVED_WITHOUT_NOTICE,
            _WIND_DOWN_MISCOUNTED,
            _LEFT_BEHIND,
            _STATE_WITHOUT_WORK,
        ),
    ),
)
