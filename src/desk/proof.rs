//! Proof of filing: whoever shows it shows that they have the code of a case, or had its proof from who has.
use serde_json::json;

use super::{
    Client, DeskError,
    circle::proven,
    commands::Options,
    open::{Item, entered},
    safe_text,
};
use crate::{
    domain::{
        day::Day,
        id::{CaseId, ReaderId},
    },
    seal::{Author, Kind, code::Language, proof::Proof},
    text::Texts,
};

/// What a proof that fits says.
pub struct Filing {
    /// The day on which the case was filed, as its first item has it.
    pub filed: Day,
    /// The readers who confirmed it with their own signature, and when.
    pub acknowledged: Vec<(Day, ReaderId)>,
}

/// Checks a proof against the first item of a case and its acknowledgements.
pub async fn check_proof(client: &Client, id: &CaseId, proof: &str) -> Result<Filing, DeskError> {
    let proof = Proof::parse(proof).ok_or_else(|| DeskError::known("desk-error-proof-form"))?;
    let (_, items) = entered(client, id).await?;
    let (filed, commitment) = committed(&items).ok_or_else(|| DeskError::known("desk-error-proof-none"))?;
    if !proof.fits(commitment, &client.roster.instance, id) {
        return Err(DeskError::known("desk-error-proof"));
    }
    let acknowledged = proven(&items).filter_map(|(_, opened)| {
        let head = &opened.manifest.head;
        let confirms = head.kind == Kind::Acknowledgement && head.proof.as_deref() == Some(commitment);
        let Author::Reader(by) = &head.author else { return None };
        confirms.then(|| (head.day, by.clone()))
    });
    Ok(Filing { filed, acknowledged: acknowledged.collect() })
}

/// The day of the first item, and what it binds the case to. Of the first item alone: only that is signed by the reporter.
pub(super) fn committed(items: &[Item]) -> Option<(Day, &str)> {
    proven(items).find_map(|(_, opened)| {
        let head = &opened.manifest.head;
        let first = head.reporter.as_ref().filter(|_| head.author == Author::Reporter)?;
        Some((head.day, first.commitment.as_deref()?))
    })
}

/// What a proof that fits says, in words or as JSON.
pub(super) fn fits((options, client): (&Options, &Client), case: &CaseId, filing: &Filing) -> String {
    if options.json {
        let by = |(day, by): &(Day, ReaderId)| json!({ "day": day, "by": by });
        let acknowledged: Vec<_> = filing.acknowledged.iter().map(by).collect();
        return json!({ "fits": true, "filed": filing.filed, "acknowledged": acknowledged }).to_string();
    }
    let mut text = format!("It fits: who holds this proof filed case {case}, on {}.", filing.filed);
    for (day, by) in &filing.acknowledged {
        let name = client.roster.known(by).map(|r| Texts::of(Language::En).pick(&r.shown_as).to_owned());
        let name = name.map_or_else(|| by.to_string(), |name| format!("{name} ({by})"));
        text.push_str(&format!("\n{} confirmed it on {day}.", safe_text(&name)));
    }
    if filing.acknowledged.is_empty() {
        text.push_str("\nNo acknowledgement confirms the day.");
    }
    text
}
