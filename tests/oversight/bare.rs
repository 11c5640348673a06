//! Somebody's own program, in the place of our desk: signed in as they are, it sends what it likes.
use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::{
    api_types::{Adding, Nonce, SentTo, Session, SignIn, SlotSent, signed_bytes},
    desk::Identity,
    domain::{
        case::{Act, CaseState},
        id::{CaseId, ItemId, KeyedReader, OrgId},
        log::{Deed, Head, Record, Sender, Writer, record_hash},
        register::{CaseKind, Channel, Row},
        roster::Roster,
    },
    envelope::before_payload,
    roster_files::{Files, anchor},
    seal::record::record,
};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::Service;

/// What the server takes for a sealed record: it cannot look into one.
pub(crate) const RECORD: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==";

pub(crate) struct Bare {
    http: Client,
    base: String,
    token: String,
    pub(crate) me: Identity,
    pub(crate) roster: Roster,
}

impl Bare {
    pub(crate) async fn new(service: &Service, who: &str) -> Self {
        Self::with_card(service, who, None).await
    }

    /// A guest's, with the file of their card.
    pub(crate) async fn with_card(service: &Service, who: &str, card: Option<&str>) -> Self {
        let me = Identity::load(&service.path(&format!("readers/{who}.key")), || unreachable!()).unwrap();
        let (http, url) = (Client::new(), |path: &str| format!("{}/api/v1/{path}", service.base));
        let files: Files = http.get(url("roster")).send().await.unwrap().json().await.unwrap();
        let anchor = anchor(&service.path("anchor.toml")).unwrap();
        let (roster, _) = files.verify(&anchor, service.clock.today(), |_| None).unwrap();
        let asked = http.post(url("challenge")).json(&json!({ "reader": who })).send().await.unwrap();
        let Nonce { nonce, instance } = asked.json().await.unwrap();
        let bytes = signed_bytes(&instance, &service.base, &nonce, &me.reader);
        let signature = hex::encode(me.signer.sign(&bytes));
        let card = card.map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap());
        let sent = SignIn { reader: me.reader.clone(), nonce, origin: service.base.clone(), signature, card };
        let Session { token } = http.post(url("session")).json(&sent).send().await.unwrap().json().await.unwrap();
        Self { http, base: service.base.clone(), token, me, roster }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.http.post(format!("{}/api/v1/{path}", self.base)).bearer_auth(&self.token);
        request.json(body).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/api/v1/{path}", self.base)).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The status of an answer to a record for a log.
    pub(crate) async fn log(&self, org: &str, record: &str) -> u16 {
        self.post(&format!("log/{org}"), &json!({ "record": record })).await.status().as_u16()
    }

    /// Where the log of the ministry stands.
    pub(crate) async fn head(&self) -> Head {
        serde_json::from_value(self.get("log/bzk/chain").await["head"].clone()).unwrap()
    }

    /// A sealed record that says that a case was destroyed, in the name of this person or of nobody.
    pub(crate) async fn destroyed(&self, case: &str, signed: bool) -> Vec<u8> {
        self.says(case, Deed::Destroyed, (None, signed)).await
    }

    /// A sealed record that says of a case that it is no report.
    pub(crate) async fn no_report(&self, case: &str) -> Vec<u8> {
        let row = Row {
            received: meldkluis::clock::Clock::System.today(),
            channel: Channel::Web,
            kind: CaseKind::Identity,
            topic: None,
            acknowledged: None,
            feedback: None,
            assessment: None,
            closing: None,
            closed: None,
            progress: None,
        };
        self.says(case, Deed::Noted, (Some(row), true)).await
    }

    /// A sealed record of a report in which all was done today that is owed to its reporter.
    pub(crate) async fn all_done(&self, case: &str) -> Vec<u8> {
        let today = meldkluis::clock::Clock::System.today();
        let row = Row {
            received: today,
            channel: Channel::Web,
            kind: CaseKind::Report,
            topic: None,
            acknowledged: Some(today),
            feedback: Some(today),
            assessment: None,
            closing: None,
            closed: Some(today),
            progress: None,
        };
        self.says(case, Deed::Noted, (Some(row), true)).await
    }

    async fn says(&self, case: &str, deed: Deed, (row, signed): (Option<Row>, bool)) -> Vec<u8> {
        let org = OrgId::parse("bzk").unwrap();
        let says = Record {
            v: 1,
            instance: self.roster.instance,
            org: org.clone(),
            by: signed.then(|| self.me.reader.clone()),
            day: meldkluis::clock::Clock::System.today(),
            deed,
            case: CaseId::parse(case),
            row,
            seen: Some(self.head().await),
            card: None,
            sent: None,
        };
        record(&says, signed.then_some(&self.me.signer), self.roster.overseers(&org)).unwrap()
    }

    /// A sealed record that says who sent the next one, which only the server can say.
    pub(crate) async fn received(&self, by: &str, next: &str) -> Vec<u8> {
        let org = OrgId::parse("bzk").unwrap();
        let hash = record_hash(Writer::Person, &BASE64_STANDARD.decode(next).unwrap());
        let says = Record {
            v: 1,
            instance: self.roster.instance,
            org: org.clone(),
            by: None,
            day: meldkluis::clock::Clock::System.today(),
            deed: Deed::Received,
            case: None,
            row: None,
            seen: Some(self.head().await),
            card: None,
            sent: Some(Sender { by: self.keyed(by), record: hash }),
        };
        record(&says, None, self.roster.overseers(&org)).unwrap()
    }

    pub(crate) fn keyed(&self, who: &str) -> KeyedReader {
        self.roster.readers().find(|r| r.id.as_str() == who).unwrap().keyed()
    }

    /// The status and the body of an answer to a message in a case.
    pub(crate) async fn memo(&self, case: &str, item: ItemId, slots: Vec<SentTo>, log: Option<&str>) -> (u16, String) {
        let slots = slots.into_iter().map(|to| SlotSent { to, header: "AAAA".to_owned() }).collect();
        let log = log.map(str::to_owned);
        self.put(&format!("{case}/memos"), &Adding { item, act: None, expected: CaseState::Open, slots, log }).await
    }

    /// The status of an answer to an item, with a record.
    pub(crate) async fn add(&self, case: &str, (item, act, expected): (ItemId, Act, CaseState), header: &str) -> u16 {
        let to = if act.is_for_reporter() { SentTo::Reporter } else { SentTo::Nobody(1) };
        let slots = vec![SlotSent { to, header: header.to_owned() }];
        let adding = Adding { item, act: Some(act), expected, slots, log: Some(RECORD.to_owned()) };
        self.put(&format!("{case}/items"), &adding).await.0
    }

    async fn put(&self, path: &str, adding: &Adding) -> (u16, String) {
        self.put_with(path, adding, vec![0; 100]).await
    }

    pub(crate) async fn put_with(&self, path: &str, adding: &Adding, payload: Vec<u8>) -> (u16, String) {
        let head = before_payload(adding).unwrap();
        let request = self.http.post(format!("{}/api/v1/cases/{path}", self.base)).bearer_auth(&self.token);
        let answer = request.body([head, payload].concat()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

pub(crate) fn new_item() -> ItemId {
    ItemId::from_uuid(Uuid::new_v4())
}
