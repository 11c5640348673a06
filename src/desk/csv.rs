//! The register as comma-separated values.
use std::collections::BTreeMap;

use serde::Serialize;

use super::Registered;
use crate::domain::{day::Day, id::CaseId};

/// A choice as JSON names it.
pub(super) fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The register as comma-separated values: codes, days and numbers, none of which needs quoting.
pub(crate) fn in_csv(rows: &BTreeMap<CaseId, Registered>) -> String {
    let mut text = "case,received,channel,kind,topic,acknowledged,feedback,closed,destroyed,list,type,flags,assessment,investigation,\
                    finding,measures,protocol,protocol_version,steps_done,steps,gone\n"
        .to_owned();
    for (case, Registered { row, destroyed, gone }) in rows {
        let last = row.closing.as_ref().or(row.assessment.as_ref());
        let list = |codes: Option<&std::collections::BTreeSet<String>>| {
            codes.map(|c| c.iter().cloned().collect::<Vec<_>>().join(" ")).unwrap_or_default()
        };
        let day = |day: Option<Day>| day.map(|d| d.to_string()).unwrap_or_default();
        let progress = row.progress.as_ref();
        let columns = [
            case.to_string(),
            row.received.to_string(),
            word(row.channel),
            word(row.kind),
            row.topic.map(word).unwrap_or_default(),
            day(row.acknowledged),
            day(row.feedback),
            day(row.closed),
            day(*destroyed),
            last.map(|c| c.list.to_string()).unwrap_or_default(),
            last.map(|c| c.of.clone()).unwrap_or_default(),
            list(last.map(|c| &c.flags)),
            last.map(|c| c.assessment.clone()).unwrap_or_default(),
            last.and_then(|c| c.investigation.clone()).unwrap_or_default(),
            last.and_then(|c| c.finding.clone()).unwrap_or_default(),
            list(last.map(|c| &c.measures)),
            progress.map(|p| p.protocol.clone()).unwrap_or_default(),
            progress.map(|p| p.version.to_string()).unwrap_or_default(),
            progress.map(|p| p.done.to_string()).unwrap_or_default(),
            progress.map(|p| p.steps.to_string()).unwrap_or_default(),
            if *gone { "yes".to_owned() } else { String::new() },
        ];
        text.push_str(&columns.join(","));
        text.push('\n');
    }
    text
}
