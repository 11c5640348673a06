//! An example deployment on this machine: roster, keys and settings, made once and found again.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ssh_key::{LineEnding, PrivateKey, private::Ed25519Keypair};
use uuid::Uuid;

use crate::{
    clock::Clock,
    config::{Config, ConfigError, Intake, Limits, Pace, Secrets, write_private},
    desk::Identity,
    domain::{
        day::Day,
        id::{InstanceId, OrgId, ReaderId},
        roster::{
            AdviserEntry, Desk, Function, Head, Mode, OrgEntry, OrgFile, Overseer, Reader, Role, RootFile, Scope,
            Signers, Status, Text, Topic,
        },
    },
    roster_files::sign,
};

/// The ministries since 23 February 2026: id, Dutch name, English name.
const MINISTRIES: [(&str, &str, &str); 12] = [
    ("az", "Algemene Zaken", "General Affairs"),
    ("bzk", "Binnenlandse Zaken en Koninkrijksrelaties", "the Interior and Kingdom Relations"),
    ("bz", "Buitenlandse Zaken", "Foreign Affairs"),
    ("def", "Defensie", "Defence"),
    ("ezk", "Economische Zaken en Klimaat", "Economic Affairs and Climate"),
    ("fin", "Financiën", "Finance"),
    ("ienw", "Infrastructuur en Waterstaat", "Infrastructure and Water Management"),
    ("jenv", "Justitie en Veiligheid", "Justice and Security"),
    ("lvvn", "Landbouw, Visserij, Voedselzekerheid en Natuur", "Agriculture, Fisheries, Food Security and Nature"),
    ("ocw", "Onderwijs, Cultuur en Wetenschap", "Education, Culture and Science"),
    ("szw", "Sociale Zaken en Werkgelegenheid", "Social Affairs and Employment"),
    ("vws", "Volksgezondheid, Welzijn en Sport", "Health, Welfare and Sport"),
];
/// The organisations whose readers' keys are kept, to try the desk with.
const KEPT: [&str; 3] = ["bzk", "buiten", CANARY];
const CANARY: &str = "kanarie";
const CANARY_READER: &str = "kanarie-lezer";
const RETENTION_DAYS: i32 = 365;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file could not be read or written.
    #[error("the demo folder: {0}")]
    Io(#[from] std::io::Error),
    /// A setting or key.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A key or file could not be made.
    #[error("the demo could not be made: {0}")]
    Make(String),
}

fn make(error: impl std::fmt::Display) -> DemoError {
    DemoError::Make(error.to_string())
}

/// Finds the demo of a folder, or makes it; returns its settings.
pub fn make_or_find(folder: &Path, listen: SocketAddr) -> Result<Config, DemoError> {
    fs::create_dir_all(folder).map_err(|e| make(format!("{}: {e}", folder.display())))?;
    let path = |name: &str| folder.join(name);
    if !path("anchor.toml").exists() {
        build(folder)?;
    }
    Secrets::create(&path("secrets"))?;
    let config = Config {
        data: path("data"),
        journal: None,
        backup_days: 30,
        database: None,
        roster: path("roster"),
        anchor: path("anchor.toml"),
        secrets: path("secrets"),
        listen,
        origins: Vec::new(),
        socket: None,
        https: None,
        status: None,
        onion: None,
        intake: Intake::Both,
        security: None,
        max_file_bytes: 2 << 30,
        reserve_bytes: 256 << 20,
        pace: Pace::default(),
        limits: Limits::default(),
        notices: None,
    };
    Ok(config.checked()?)
}

/// What to open and what to type.
pub fn guide(folder: &Path, config: &Config) -> Result<String, DemoError> {
    let (server, folder) = (format!("http://{}", config.listen), folder.display());
    let mut text = format!(
        "Meldkluis demo\n\nReport:   {server}/nl/   (English: {server}/en/)\n\nRead, in another terminal, as one of these readers:\n"
    );
    let mut keys: Vec<PathBuf> =
        fs::read_dir(format!("{folder}/readers"))?.filter_map(|e| Some(e.ok()?.path())).collect();
    keys.retain(|p| p.extension().is_some_and(|e| e == "key"));
    keys.sort();
    let line = |key: &PathBuf, command: &str| {
        let desk = "cargo run --release --bin meldkluis-desk --";
        format!("  {desk} --server {server} --root {folder}/anchor.toml --identity {} {command}\n", key.display())
    };
    let named = |key: &PathBuf, name: &str| key.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with(name));
    let (overseers, readers): (Vec<&PathBuf>, Vec<&PathBuf>) =
        keys.iter().partition(|key| named(key, "-coordinator") || named(key, "-auditor"));
    let (canaries, readers): (Vec<&PathBuf>, Vec<&PathBuf>) =
        readers.into_iter().partition(|key| key.file_stem().is_some_and(|stem| stem == CANARY_READER));
    text.extend(readers.into_iter().map(|key| line(key, "inbox")));
    text.push_str("\nSee whether a report goes all the way, with one that is made up:\n");
    text.extend(canaries.into_iter().map(|key| line(key, "canary")));
    text.push_str("\nWatch over them, without reading a word:\n");
    for key in overseers {
        text.push_str(&line(key, if named(key, "-auditor") { "log" } else { "overview" }));
    }
    text.push_str(
        "\nThen, with a case from the inbox, the same command with `read CASE`, or with\n`acknowledge`, `ask`, `reply`, `feedback`, `note` or `close`, CASE and `--file TEXT`;\nor `open` in place of `inbox`, for all of it as a page in your browser.\n",
    );
    Ok(text)
}

fn build(folder: &Path) -> Result<(), DemoError> {
    for name in ["roster", "readers", "signers"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let today = Clock::System.today();
    let root_key = signer(folder, "root")?;
    let anchor = signers(&root_key)?;
    let mut organisations = Vec::new();
    let others = [("buiten", "Extern meldpunt", "Outside desk"), (CANARY, "Proefmeldingen", "Test reports")];
    for (id, nl, en) in MINISTRIES.into_iter().chain(others) {
        organisations.push(organisation(folder, id, nl, en, today)?);
    }
    let root = RootFile {
        head: Head::first(today),
        instance: InstanceId::from_uuid(Uuid::new_v4()),
        mode: Mode::Demo,
        signers: anchor.clone(),
        organisations,
    };
    write_signed(folder, "root", &toml::to_string(&root).map_err(make)?, &root_key)?;
    // Last: a demo with this file is whole.
    Ok(fs::write(folder.join("anchor.toml"), toml::to_string(&anchor).map_err(make)?)?)
}

fn signer(folder: &Path, name: &str) -> Result<PrivateKey, DemoError> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(make)?;
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&seed));
    let text = key.to_openssh(LineEnding::LF).map_err(make)?;
    write_private(&folder.join("signers").join(name), &text)?;
    Ok(key)
}

fn signers(key: &PrivateKey) -> Result<Signers, DemoError> {
    let line = key.public_key().to_openssh().map_err(make)?;
    Ok(Signers { threshold: 1, keys: BTreeMap::from([("demo-signer".to_owned(), line)]) })
}

fn write_signed(folder: &Path, name: &str, text: &str, key: &PrivateKey) -> Result<(), DemoError> {
    let signature = sign(text, key).ok_or_else(|| make("a roster file could not be signed"))?;
    fs::write(folder.join("roster").join(format!("{name}.toml")), text)?;
    Ok(fs::write(folder.join("roster").join(format!("{name}.toml.sig")), signature)?)
}

fn organisation(folder: &Path, id: &str, nl: &str, en: &str, today: Day) -> Result<OrgEntry, DemoError> {
    let org = OrgId::parse(id).ok_or_else(|| make("a name of an organisation"))?;
    let scope = match id {
        "def" => Scope::Referral,
        "buiten" => Scope::Outside,
        CANARY => Scope::Canary,
        _ => Scope::In,
    };
    let from = Day::parse("2026-02-23").ok_or_else(|| make("a day"))?;
    let mut entry = OrgEntry {
        id: org.clone(),
        name: Text {
            nl: nl.to_owned(),
            en: if matches!(scope, Scope::Outside | Scope::Canary) {
                en.to_owned()
            } else {
                format!("Ministry of {en}")
            },
        },
        scope,
        from,
        until: None,
        predecessors: Vec::new(),
        successors: Vec::new(),
        signers: None,
        referral: None,
    };
    if scope == Scope::Referral {
        entry.referral = Some(Text {
            nl: "Defensie heeft een eigen meldpunt: de Centrale Organisatie Integriteit Defensie (COID). Zoek op COID op defensie.nl.".to_owned(),
            en: "Defence has its own channel: the Centrale Organisatie Integriteit Defensie (COID). Look for COID on defensie.nl.".to_owned(),
        });
        return Ok(entry);
    }
    let key = signer(folder, id)?;
    entry.signers = Some(signers(&key)?);
    let file =
        if scope == Scope::Canary { canary_file(folder, &org, today)? } else { org_file(folder, &org, scope, today)? };
    write_signed(folder, &format!("org-{id}"), &toml::to_string(&file).map_err(make)?, &key)?;
    Ok(entry)
}

/// One reader alone, whose key `meldkluis-desk canary` takes.
fn canary_file(folder: &Path, org: &OrgId, today: Day) -> Result<OrgFile, DemoError> {
    let id = ReaderId::parse(CANARY_READER).ok_or_else(|| make("a name of a reader"))?;
    let shown_as = Text { nl: "Lezer van proefmeldingen".to_owned(), en: "Reader of test reports".to_owned() };
    let name = Text { nl: "Proefmeldingen".to_owned(), en: "Test reports".to_owned() };
    Ok(OrgFile {
        head: Head::first(today),
        organisation: org.clone(),
        retention_days: 1,
        advisers: Vec::new(),
        desks: vec![Desk { name, topics: BTreeSet::new(), readers: vec![id.clone()], reserve: None }],
        managers: Vec::new(),
        readers: vec![reader(folder, org, id, Function::Officer, shown_as)?],
        overseers: Vec::new(),
        protocols: Vec::new(),
    })
}

fn org_file(folder: &Path, org: &OrgId, scope: Scope, today: Day) -> Result<OrgFile, DemoError> {
    let id = |name: &str| ReaderId::parse(&format!("{org}-{name}")).ok_or_else(|| make("a name of a reader"));
    let mut readers = Vec::new();
    let mut add = |name: &str, function: Function, nl: String, en: String| {
        let reader = reader(folder, org, id(name)?, function, Text { nl, en })?;
        readers.push(reader);
        id(name)
    };
    let mut officers = Vec::new();
    for n in 1..=4 {
        // Outside officers join others' reports: their name says where they are.
        let (nl, en) = match scope {
            Scope::Outside => (format!("Extern meldpunt, functionaris {n}"), format!("Outside desk, officer {n}")),
            _ => (format!("Functionaris integriteit {n}"), format!("Integrity officer {n}")),
        };
        officers.push(add(&format!("functionaris-{n}"), Function::Officer, nl, en)?);
    }
    let (mut advisers, mut managers, mut desks) = (Vec::new(), Vec::new(), Vec::new());
    if scope == Scope::In {
        for n in 1..=2 {
            let (nl, en) = (format!("Vertrouwenspersoon {n}"), format!("Confidential adviser {n}"));
            add(&format!("vertrouwenspersoon-{n}"), Function::Adviser, nl, en)?;
        }
        for (n, other) in [(1, 2), (2, 1)] {
            let name = |n| id(&format!("vertrouwenspersoon-{n}"));
            advisers.push(AdviserEntry { reader: name(n)?, deputy: Some(name(other)?) });
        }
        managers.push(add("leidinggevende-1", Function::Manager, "Directeur".to_owned(), "Director".to_owned())?);
        let conduct = ["omgangsvormen-1", "omgangsvormen-2"].map(|name| {
            let number = name.trim_start_matches("omgangsvormen-");
            add(
                name,
                Function::Officer,
                format!("Functionaris omgangsvormen {number}"),
                format!("Conduct officer {number}"),
            )
        });
        let name = Text { nl: "Omgangsvormen".to_owned(), en: "Conduct".to_owned() };
        let conduct = conduct.into_iter().collect::<Result<Vec<_>, _>>()?;
        desks.push(Desk { name, topics: BTreeSet::from([Topic::Conduct]), readers: conduct, reserve: None });
    }
    let reserve = officers.pop();
    let name = Text { nl: "Integriteit".to_owned(), en: "Integrity".to_owned() };
    desks.push(Desk { name, topics: BTreeSet::new(), readers: officers, reserve });
    let example = toml::from_str(include_str!("../web/protocols/vooronderzoek.toml")).map_err(make)?;
    let protocols = if scope == Scope::In { vec![example] } else { Vec::new() };
    let mut overseers = Vec::new();
    for (name, role, nl, en) in [
        ("coordinator", Role::Coordinator, "Integriteitscoördinator", "Integrity coordinator"),
        ("auditor", Role::Auditor, "Auditor", "Auditor"),
    ] {
        let id = id(name)?;
        let (seal_key, sign_key) = keys(folder, org, &id)?;
        let shown_as = Text { nl: nl.to_owned(), en: en.to_owned() };
        overseers.push(Overseer { id, role, shown_as, seal_key, sign_key, status: Status::Active, until: None });
    }
    let organisation = org.clone();
    Ok(OrgFile {
        head: Head::first(today),
        organisation,
        retention_days: RETENTION_DAYS,
        advisers,
        desks,
        managers,
        readers,
        overseers,
        protocols,
    })
}

fn reader(folder: &Path, org: &OrgId, id: ReaderId, function: Function, shown_as: Text) -> Result<Reader, DemoError> {
    let (seal_key, sign_key) = keys(folder, org, &id)?;
    Ok(Reader {
        id,
        functions: BTreeSet::from([function]),
        shown_as,
        seal_key,
        sign_key,
        status: Status::Active,
        until: None,
    })
}

/// Makes somebody's keys; returns the public halves.
fn keys(folder: &Path, org: &OrgId, id: &ReaderId) -> Result<(String, String), DemoError> {
    let path = folder.join("readers").join(format!("{id}.key"));
    let identity = Identity::create(&path, id.clone(), None).map_err(make)?;
    if !KEPT.contains(&org.as_str()) {
        fs::remove_file(&path)?;
    }
    Ok((identity.seal.recipient(), hex::encode(identity.signer.public())))
}
