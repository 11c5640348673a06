//! What the items hold with which readers go from a case, or let somebody in on a legal duty, as JSON version 1. Every desk checks them by
//! itself, as it does with consent.
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    Plaintext, Signer,
    consent::{Named, body, consent_body},
    verify,
};
use crate::domain::{
    ground::Ground,
    id::{CaseId, InstanceId, ItemId, KeyedReader},
};

const VERSION: u8 = 1;
const TAKE_OUT: &str = "meldkluis/take-out/v1";

/// Why a reader leaves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftReason {
    /// They are party to it, or too near to somebody who is: never to be asked for again.
    Conflict,
    /// Anything else.
    Leaving,
    /// They went before anybody had opened the case. Why is for those whom the reporter chose, and who that is stands in what was not
    /// opened: so it is not said, and they are never asked for again.
    Unread,
}

/// A reader says that they leave the case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Left {
    v: u8,
    /// Why.
    pub reason: LeftReason,
    /// The items in which they acted as one of two readers: nobody is let in by anything else of theirs from now on.
    #[serde(default)]
    pub acts: Vec<ItemId>,
}

impl Left {
    /// For a reason, after these acts.
    pub fn new(reason: LeftReason, acts: Vec<ItemId>) -> Self {
        Self { v: VERSION, reason, acts }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        body(&self)
    }
}

/// A reader asks that another is taken out of the case.
#[derive(Deserialize)]
pub struct TakeOut {
    v: u8,
    /// Who.
    pub who: KeyedReader,
    /// Why.
    pub reason: Plaintext,
    /// Over [`take_out_bytes`], by the author of the item: what the server sees of it. Hex.
    pub signature: String,
}

#[derive(Serialize)]
struct TakeOutBody<'a> {
    v: u8,
    who: &'a KeyedReader,
    reason: &'a str,
    signature: &'a str,
}

impl TakeOut {
    /// Signed by who asks.
    pub fn new(instance: &InstanceId, case: &CaseId, who: KeyedReader, reason: Plaintext, signer: &Signer) -> Self {
        let signature = hex::encode(signer.sign(&take_out_bytes(instance, case, &who)));
        Self { v: VERSION, who, reason, signature }
    }

    /// The body of its item. A reason that is not UTF-8 loses the bytes that are not.
    pub fn into_body(self) -> Plaintext {
        let reason = Zeroizing::new(String::from_utf8_lossy(self.reason.bytes()).into_owned());
        body(&TakeOutBody { v: self.v, who: &self.who, reason: &reason, signature: &self.signature })
    }
}

/// The bytes that are signed to take somebody out.
pub fn take_out_bytes(instance: &InstanceId, case: &CaseId, who: &KeyedReader) -> Vec<u8> {
    format!("{TAKE_OUT}\n{instance}\n{case}\n{who}").into_bytes()
}

/// Whether somebody with this public key (hex) signed it.
pub fn took_out(sign_key: &str, instance: &InstanceId, case: &CaseId, who: &KeyedReader, signature: &str) -> bool {
    let (mut key, mut signed) = ([0; 32], [0; 64]);
    let readable = hex::decode_to_slice(sign_key, &mut key).is_ok();
    let readable = hex::decode_to_slice(signature, &mut signed).is_ok() && readable;
    readable && verify(&key, &take_out_bytes(instance, case, who), &signed)
}

/// A second reader says that they took somebody out, as was asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TakenOut {
    v: u8,
    /// The item of the first reader.
    pub take_out: ItemId,
    /// The items in which who went had acted as one of two readers: nobody is let in by anything else of theirs from now on, but for
    /// what the first reader had before them when they asked.
    #[serde(default)]
    pub acts: Vec<ItemId>,
}

impl TakenOut {
    /// After what a first reader asked, and these acts of who went.
    pub fn new(take_out: ItemId, acts: Vec<ItemId>) -> Self {
        Self { v: VERSION, take_out, acts }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        body(&self)
    }
}

/// A reader says that a legal duty asks to let somebody read, without consent.
#[derive(Deserialize)]
pub struct DutyRequest {
    v: u8,
    /// Who would read.
    pub to: KeyedReader,
    /// Exactly what they would read.
    pub items: Vec<Named>,
    /// The version of the list of grounds.
    pub grounds: u8,
    /// The duty.
    pub ground: Ground,
    /// The article, warrant or number of the case.
    pub reference: Plaintext,
    /// Why it is needed; without a notice also why a notice would endanger the inquiry.
    pub reason: Plaintext,
    /// Whether the reporter is told before.
    pub notice: bool,
}

#[derive(Serialize)]
struct DutyBody<'a> {
    v: u8,
    to: &'a KeyedReader,
    items: &'a [Named],
    grounds: u8,
    ground: Ground,
    reference: &'a str,
    reason: &'a str,
    notice: bool,
}

impl DutyRequest {
    /// For these items, on this ground.
    pub fn new(
        (to, items): (KeyedReader, Vec<Named>),
        (ground, reference): (Ground, Plaintext),
        reason: Plaintext,
        notice: bool,
    ) -> Self {
        Self { v: VERSION, to, items, grounds: crate::domain::ground::VERSION, ground, reference, reason, notice }
    }

    /// The body of its item. What is not UTF-8 is lost.
    pub fn into_body(self) -> Plaintext {
        self.written(|duty| body(duty))
    }

    /// A hash of all that it says: two that say the same have the same, however they came.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.written(|duty| body(duty)).bytes()).into()
    }

    fn written(&self, write: impl FnOnce(&DutyBody<'_>) -> Plaintext) -> Plaintext {
        let text = |p: &Plaintext| Zeroizing::new(String::from_utf8_lossy(p.bytes()).into_owned());
        write(&DutyBody {
            v: self.v,
            to: &self.to,
            items: &self.items,
            grounds: self.grounds,
            ground: self.ground,
            reference: &text(&self.reference),
            reason: &text(&self.reason),
            notice: self.notice,
        })
    }
}

/// A second reader agrees that the duty is there.
#[derive(Deserialize)]
pub struct DutyApproval {
    v: u8,
    /// The item of the request.
    pub request: ItemId,
    /// What the reporter is told, where they are told before: all that was approved. Whoever asked for it may have kept their own letter
    /// from them.
    #[serde(default)]
    pub told: Option<DutyRequest>,
}

#[derive(Serialize)]
struct ApprovalBody<'a> {
    v: u8,
    request: &'a ItemId,
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<&'a DutyBody<'a>>,
}

impl DutyApproval {
    /// Of a request.
    pub fn new(request: ItemId) -> Self {
        Self { v: VERSION, request, told: None }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        let (v, request) = (self.v, &self.request);
        match self.told {
            Some(duty) => duty.written(|told| body(&ApprovalBody { v, request, told: Some(told) })),
            None => body(&ApprovalBody { v, request, told: None }),
        }
    }

    /// The body of one that goes to the reporter, with all that they are told.
    pub fn telling(request: &ItemId, duty: &DutyRequest) -> Plaintext {
        duty.written(|told| body(&ApprovalBody { v: VERSION, request, told: Some(told) }))
    }
}

consent_body!(Left, TakeOut, TakenOut, DutyRequest, DutyApproval);

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::ReaderId;

    #[test]
    fn somebody_is_taken_out_of_the_case_that_was_signed_for_and_of_no_other() {
        let id = |n| Uuid::from_u128(n);
        let (instance, case, other) =
            (InstanceId::from_uuid(id(1)), CaseId::from_uuid(id(2)), CaseId::from_uuid(id(3)));
        let Some(name) = ReaderId::parse("bzk-functionaris-2") else { unreachable!("a name") };
        let (who, somebody) = (KeyedReader::new(name.clone(), "a", "b"), KeyedReader::new(name, "a", "c"));
        let signer = Signer::from_seed(&[3; 32]);
        let key = hex::encode(signer.public());
        let asked = TakeOut::new(&instance, &case, who.clone(), Plaintext::default(), &signer);
        assert!(took_out(&key, &instance, &case, &who, &asked.signature));
        assert!(!took_out(&key, &instance, &other, &who, &asked.signature));
        assert!(!took_out(&key, &instance, &case, &somebody, &asked.signature));
        assert!(!took_out(
            &hex::encode(Signer::from_seed(&[4; 32]).public()),
            &instance,
            &case,
            &who,
            &asked.signature
        ));
    }
}
