//! Talks to the server, and believes it only what is signed.
use std::path::{Path, PathBuf};

use reqwest::{Body, Response};

use super::{DeskError, Identity};
use crate::{
    api_types::{AddedView, CaseView, Challenge, Nonce, Session, SignIn, signed_bytes},
    clock::Clock,
    domain::{
        id::{CaseId, ItemId},
        roster::Roster,
    },
    roster_files::{self, Files, Seen},
};

/// A signed-in reader with a roster that was verified here.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    /// Tells the day.
    pub clock: Clock,
    /// Verified with the root signers this reader trusts.
    pub roster: Roster,
}

impl Client {
    /// Fetches and verifies the roster, then signs in. Refuses a roster older than, or other than, one seen before.
    pub async fn sign_in(
        server: &str,
        proxy: Option<&str>,
        identity: &Identity,
        anchor: &Path,
        state: PathBuf,
        clock: Clock,
    ) -> Result<Self, DeskError> {
        let mut http = reqwest::Client::builder().user_agent("meldkluis-desk");
        if let Some(proxy) = proxy {
            http = http.proxy(reqwest::Proxy::all(proxy)?);
        }
        let (http, origin) = (http.build()?, server.trim_end_matches('/').to_owned());
        let base = format!("{origin}/api/v1");
        let files: Files = http.get(format!("{base}/roster")).send().await?.error_for_status()?.json().await?;
        let roster = verify(&files, anchor, &state, clock)?;
        let asked = http.post(format!("{base}/challenge")).json(&Challenge { reader: identity.reader.clone() });
        let nonce: Nonce = asked.send().await?.error_for_status()?.json().await?;
        // The instance is the verified roster's, not what the server says now.
        let bytes = signed_bytes(&roster.instance, &origin, &nonce.nonce, &identity.reader);
        let signature = hex::encode(identity.signer.sign(&bytes));
        let sign_in = SignIn { reader: identity.reader.clone(), nonce: nonce.nonce, origin, signature };
        let session = http.post(format!("{base}/session")).json(&sign_in).send().await?.error_for_status()?;
        let Session { token } = session.json().await?;
        Ok(Self { http, base, token, clock, roster })
    }

    async fn get(&self, path: &str) -> Result<Response, DeskError> {
        let request = self.http.get(format!("{}/{path}", self.base)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?)
    }

    /// All cases of this reader, the most urgent first.
    pub async fn inbox(&self) -> Result<Vec<CaseView>, DeskError> {
        Ok(self.get("inbox").await?.json().await?)
    }

    /// One case.
    pub async fn case(&self, id: &CaseId) -> Result<CaseView, DeskError> {
        Ok(self.get(&format!("cases/{id}")).await?.json().await?)
    }

    /// An item as an ordinary age file, still sealed.
    pub async fn item(&self, id: &ItemId) -> Result<Response, DeskError> {
        self.get(&format!("items/{id}")).await
    }

    /// Adds an item; sending the same again adds nothing.
    pub async fn add(&self, case: &CaseId, body: impl Into<Body>) -> Result<AddedView, DeskError> {
        let request = self.http.post(format!("{}/cases/{case}/items", self.base)).bearer_auth(&self.token).body(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

fn verify(files: &Files, anchor: &Path, state: &Path, clock: Clock) -> Result<Roster, DeskError> {
    let anchor = roster_files::anchor(anchor)?;
    let before: Vec<Seen> = match std::fs::read(state) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| DeskError::new("the remembered roster is damaged"))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let seen = |file: &str| before.iter().find(|s| s.file == file).cloned();
    let (roster, now) = files.verify(&anchor, clock.today(), seen)?;
    if now != before {
        let next = tempfile::NamedTempFile::new_in(state.parent().filter(|p| p.is_dir()).unwrap_or(Path::new(".")))?;
        serde_json::to_writer(next.as_file(), &now).map_err(|e| DeskError::new(e.to_string()))?;
        next.persist(state).map_err(|e| DeskError::new(e.to_string()))?;
    }
    Ok(roster)
}
