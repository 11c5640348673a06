//! `meldkluis setup`, as an operator meets it: questions, a roster to sign, and a trial of the whole with the canary.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, reason = "a test")]
use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Who reads, and what the operator answers about them; in the order of the names.
const PEOPLE: [(&str, &str); 4] = [
    ("bzk-adviser", "adviser\nVertrouwenspersoon\nConfidential adviser"),
    ("bzk-coordinator", "coordinator\nIntegriteitscoördinator\nIntegrity coordinator"),
    ("bzk-officer-1", "officer\nFunctionaris 1\nOfficer 1"),
    ("bzk-officer-2", "officer\nFunctionaris 2\nOfficer 2"),
];

struct Operator {
    folder: tempfile::TempDir,
    ports: [u16; 2],
}

impl Operator {
    /// With the public halves of everybody, and the signers' public keys.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let operator = Self { folder, ports: [port(), port()] };
        for name in ["halves", "keys", "run", "signers"] {
            fs::create_dir(operator.path(name)).unwrap();
        }
        for (name, _) in PEOPLE {
            operator.keygen(name, &format!("halves/{name}.toml"));
        }
        operator.keygen("canary", "canary.toml");
        for name in ["first", "second"] {
            let key = operator.path(&format!("signers/{name}"));
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key).status().unwrap();
            assert!(made.success());
        }
        operator
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn keygen(&self, name: &str, half: &str) {
        let mut desk = Command::new(env!("CARGO_BIN_EXE_meldkluis-desk"));
        desk.arg("--identity").arg(self.path(&format!("keys/{name}"))).args(["keygen", name, "--no-passphrase"]);
        let made = desk.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::write(self.path(half), made.stdout).unwrap();
    }

    fn setup(&self, answers: &str, more: &[&Path]) -> Output {
        let mut setup = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
        setup.arg("setup");
        for (place, name) in [("--folder", "etc"), ("--data", "data"), ("--sockets", "run"), ("--units", "units")] {
            setup.arg(place).arg(self.path(name));
        }
        for (place, port) in ["--listen", "--status"].iter().zip(self.ports) {
            setup.arg(place).arg(format!("127.0.0.1:{port}"));
        }
        setup.args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = setup.spawn().unwrap();
        // A program that has no more questions reads no further.
        drop(child.stdin.take().unwrap().write_all(answers.as_bytes()));
        child.wait_with_output().unwrap()
    }

    /// All answers; the first and one of the days do not fit and are asked again.
    fn answers(&self) -> String {
        let people: Vec<&str> = PEOPLE.iter().map(|(_, answer)| *answer).collect();
        let path = |name: &str| self.path(name).display().to_string();
        let onion = "yes\n\n\nmailto:security@example.org";
        let lines = [
            "Binnenlandse Zaken\nbzk\nBinnenlandse Zaken\nInterior\nsome\n365".to_owned(),
            path("halves"),
            people.join("\n"),
            path("canary.toml"),
            path("signers"),
            "\n".to_owned() + onion,
        ];
        lines.join("\n") + "\n"
    }

    /// What each signer does with every file, by the command that `setup` prints.
    fn sign(&self) {
        for file in fs::read_dir(self.path("etc/roster")).unwrap().map(|e| e.unwrap().path()) {
            let mut signatures = Vec::new();
            for name in ["first", "second"] {
                let mut sign = Command::new("ssh-keygen");
                sign.args(["-q", "-Y", "sign", "-n", "meldkluis-roster@v1", "-f"])
                    .arg(self.path(&format!("signers/{name}")));
                let signed = sign.stdin(fs::File::open(&file).unwrap()).output().unwrap();
                signatures.extend(signed.stdout);
            }
            fs::write(file.with_extension("toml.sig"), signatures).unwrap();
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_deployment_is_set_up_signed_and_tried() {
    let operator = Operator::new();
    let first = operator.setup(&operator.answers(), &[]);
    let text = said(&first);
    assert!(first.status.success(), "{text}");
    assert!(text.contains("is not a name of 2 to 40") && text.contains("a number of days"), "asked again: {text}");
    assert!(text.contains("ssh-keygen -Y sign") && text.contains("2 of these people"), "{text}");
    let mode = |name: &str| fs::metadata(operator.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("etc/credentials"), mode("etc/credentials/k1")], [0o700, 0o600]);
    let read = |name: &str| fs::read_to_string(operator.path(name)).unwrap();
    let socket = operator.path("run/onion.sock").display().to_string();
    assert!(read("etc/torrc").contains(&format!("HiddenServicePort 80 unix:{socket}")), "Tor finds the server");
    assert!(read("units/meldkluis-serve.service").contains(&operator.path("etc/credentials/k1").display().to_string()));
    assert!(read("etc/roster/org-canary.toml").contains("canary"));

    let unsigned = operator.setup("", &[]);
    assert!(!unsigned.status.success());
    assert_eq!(said(&unsigned).matches("0 of 2 needed signatures hold").count(), 3, "{}", said(&unsigned));

    operator.sign();
    // A key that is away or broken is named where it stays, not where its copy was for the trial.
    let (k2, right) = (operator.path("etc/credentials/k2"), fs::read(operator.path("etc/credentials/k2")).unwrap());
    for (broken, why) in [(None, "is not there: put it back"), (Some("short"), "must hold 64 hex digits")] {
        match broken {
            None => fs::remove_file(&k2).unwrap(),
            Some(text) => fs::write(&k2, text).unwrap(),
        }
        let refused = operator.setup("", &[]);
        let text = said(&refused);
        assert!(!refused.status.success() && text.contains(&format!("{} {why}", k2.display())), "{text}");
        assert!(!text.contains("meldkluis-setup-"), "{text}");
    }
    fs::write(&k2, right).unwrap();
    let tried = operator.setup("", &[Path::new("--canary-key"), &operator.path("keys/canary")]);
    let text = said(&tried);
    assert!(tried.status.success(), "{text}");
    assert!(text.contains("are in order"), "{text}");
    assert!(text.contains("systemctl enable --now meldkluis-serve"), "{text}");
    let left: Vec<_> = fs::read_dir("/run").unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(
        !left.iter().any(|n| n.to_string_lossy().starts_with("meldkluis-setup")),
        "keys were left behind: {left:?}"
    );
}

#[test]
fn nothing_is_written_before_the_last_answer_and_nothing_over_another_file() {
    let operator = Operator::new();
    let answers = operator.answers();
    let (most, _) = answers.trim_end().rsplit_once('\n').unwrap();
    let broken = operator.setup(most, &[]);
    assert!(!broken.status.success() && said(&broken).contains("nothing was written"), "{}", said(&broken));
    assert!(!operator.path("etc").exists());

    fs::create_dir_all(operator.path("etc/roster")).unwrap();
    fs::write(operator.path("etc/roster/root.toml"), "mine").unwrap();
    let refused = operator.setup(&answers, &[]);
    assert!(!refused.status.success() && said(&refused).contains("root.toml"), "{}", said(&refused));
    assert_eq!(fs::read_to_string(operator.path("etc/roster/root.toml")).unwrap(), "mine");
}

#[test]
fn one_key_for_two_people_is_refused() {
    let operator = Operator::new();
    fs::copy(operator.path("halves/bzk-officer-1.toml"), operator.path("halves/bzk-officer-2.toml")).unwrap();
    let refused = operator.setup(&operator.answers(), &[]);
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(said(&refused).contains("stands twice") && !operator.path("etc").exists(), "{}", said(&refused));
}
