//! Where files are kept: once by their content, whatever fails, and no longer than they are needed.

use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use innogauge::attachments::{ContentAddress, ContentError, Contents, FileKind};
use innogauge::response::{Fingerprint, Role};
use innogauge::store::{OpenOptions, add_key, read_keys, remove_key};
use innogauge::study::{
    Catalogue, CheckedContents, ContentFault, SealedContents, check_contents, kept, prune_contents, seal_contents,
};
use innogauge::web::Limits;
use serde_json::json;
use tempfile::TempDir;

use super::{Site, VISITS, jpeg, place, put, settings, sha256, visit};
use crate::app::TestApp;
use crate::client::{Connection, Request, send};
use crate::databases::{Database, on_each};
use crate::process::{Process, serve};

#[test]
fn content_that_was_lost_is_mended_by_sending_it_again() {
    let site = Site::on("sqlite::memory:");
    site.submit("uuid:1", json!({"photo": "works.jpg"}));
    let photo = jpeg("the works");
    assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
    std::fs::write(site.folder.path().join(place(&photo)), b"cut").unwrap();
    let path = format!("{VISITS}/uuid:1/attachments/works.jpg");
    std::fs::remove_file(site.folder.path().join(place(&photo))).unwrap();
    let lost = site.app.get(&site.token(), &path);
    assert_eq!((lost.status, lost.code().as_str()), (503, "attachments_unavailable"));
    assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 200);
    assert_eq!(site.app.get(&site.token(), &path).body, photo);
}

#[test]
fn contents_are_sealed_where_they_lie_and_any_part_of_them_can_be_read() {
    on_each(|database| {
        let site = Site::on(&database.url);
        site.submit("uuid:1", json!({"photo": "works.jpg"}));
        let photo = jpeg(&"the works 佳木斯 ".repeat(20_000));
        assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
        assert_eq!(site.on_disk(), [place(&photo)]);
        let lies = std::fs::read(site.folder.path().join(place(&photo))).unwrap();
        assert!(lies.len() > photo.len() && !lies.windows(9).any(|part| part == b"the works"));
        let path = format!("{VISITS}/uuid:1/attachments/works.jpg");
        for (first, last) in [
            (0, 0),
            (65_535, 65_536),
            (70_000, 200_000),
            (photo.len() - 3, photo.len() - 1),
        ] {
            let request = Request::new("GET", &path).token(&site.token());
            let part = site
                .app
                .send(&request.header("range", &format!("bytes={first}-{last}")));
            assert_eq!(part.status, 206);
            assert!(part.body == photo[first..=last], "{first}-{last}");
        }
        assert!(site.app.get(&site.token(), &path).body == photo);
    });
}

#[test]
fn contents_of_before_there_were_keys_are_sealed_by_a_rotation_and_an_old_key_can_go() {
    on_each(|database| {
        let site = Site::on(&database.url);
        site.submit("uuid:1", json!({"photo": "works.jpg", "report": "report.jpg"}));
        let (older, newer) = (jpeg("the works"), jpeg("the report"));
        assert_eq!(site.put("uuid:1", "works.jpg", &older).status, 201);
        assert_eq!(site.put("uuid:1", "report.jpg", &newer).status, 201);
        let hash = sha256(&older);
        let clear = format!("sha256/{}/{hash}", &hash[..2]);
        let clear = site.folder.path().join(clear);
        std::fs::create_dir_all(clear.parent().unwrap()).unwrap();
        std::fs::write(&clear, &older).unwrap();
        std::fs::remove_file(site.folder.path().join(place(&older))).unwrap();
        database.execute(&format!("UPDATE attachments SET data_key = NULL WHERE hash = '{hash}'"));
        let path = format!("{VISITS}/uuid:1/attachments/works.jpg");
        assert_eq!(
            site.app.get(&site.token(), &path).body,
            older,
            "it is read as it lies there"
        );

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        std::fs::copy(site.app.store.key_file().unwrap(), &file).unwrap();
        let open = || {
            database.open_with(&OpenOptions {
                keys: Some(file.clone()),
                ..OpenOptions::default()
            })
        };
        let old = read_keys(&file).unwrap().ids().last().unwrap().0;
        let new = add_key(&file, Utc::now()).unwrap();
        let store = open();
        let rotated = store
            .rotate_keys(&Catalogue::load(&store).unwrap().finder(), |_| {})
            .unwrap();
        assert_eq!(rotated.secrets, 1, "the key of the newer one is wrapped anew");
        assert_eq!(seal_contents(&store, &site.contents()).unwrap().contents, 1);
        assert_eq!(
            seal_contents(&store, &site.contents()).unwrap(),
            SealedContents::default()
        );
        let mut both = [place(&older), place(&newer)];
        both.sort();
        assert_eq!(site.on_disk(), both);
        let used = store.key_use().unwrap();
        assert!(used.iter().any(|one| one.key == new && one.secrets == 2), "{used:?}");
        remove_key(&file, &old.to_string()).unwrap();
        let checked = check_contents(&open(), &site.contents(), true).unwrap();
        assert_eq!((checked.contents, checked.faults), (2, Vec::new()));
    });
}

#[test]
fn content_that_was_damaged_keeps_nothing_else_from_being_sealed() {
    let database = Database::sqlite();
    let site = Site::on(&database.url);
    site.submit("uuid:1", json!({"photo": "works.jpg", "report": "report.jpg"}));
    let photos = [jpeg("the works"), jpeg("the report")];
    for (name, photo) in ["works.jpg", "report.jpg"].iter().zip(&photos) {
        assert_eq!(site.put("uuid:1", name, photo).status, 201);
        std::fs::remove_file(site.folder.path().join(place(photo))).unwrap();
    }
    database.execute("UPDATE attachments SET data_key = NULL");
    let [damaged, sound] = &photos;
    for photo in &photos {
        let mut lies = photo.clone();
        *lies.last_mut().unwrap() ^= u8::from(photo == damaged);
        let hash = sha256(photo);
        let clear = site.folder.path().join(format!("sha256/{}/{hash}", &hash[..2]));
        std::fs::create_dir_all(clear.parent().unwrap()).unwrap();
        std::fs::write(&clear, lies).unwrap();
    }
    let sealed = seal_contents(&site.app.store, &site.contents()).unwrap();
    let fault = ContentFault::Changed(Fingerprint::of_bytes(damaged));
    assert_eq!((sealed.contents, sealed.faults), (1, vec![fault]));
    assert!(site.on_disk().contains(&place(sound)));
}

#[test]
fn content_that_an_older_backup_does_not_know_is_taken_again_under_its_new_key() {
    let database = Database::sqlite();
    let site = Site::on(&database.url);
    site.submit("uuid:1", json!({"photo": "works.jpg"}));
    let photo = jpeg("the works");
    assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
    database.execute("DELETE FROM response_attachments");
    database.execute("DELETE FROM attachments");
    assert_eq!(site.on_disk(), [place(&photo)]);
    assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
    let path = format!("{VISITS}/uuid:1/attachments/works.jpg");
    assert_eq!(site.app.get(&site.token(), &path).body, photo);
}

#[test]
fn erasing_a_person_erases_their_files_and_leaves_those_of_others() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let (photo, signature) = (jpeg("the works"), b"\x89PNG\r\n\x1a\n Li Ming".as_slice());
        site.submit("uuid:1", json!({"photo": "works.jpg", "signature": "1.png"}));
        site.submit("uuid:2", json!({"photo": "works.jpg", "signature": "2.png"}));
        let shared = b"\x89PNG\r\n\x1a\n X X X".as_slice();
        for (instance_id, name, content) in [
            ("uuid:1", "works.jpg", photo.as_slice()),
            ("uuid:1", "1.png", signature),
            ("uuid:2", "works.jpg", &photo),
            ("uuid:2", "2.png", shared),
        ] {
            assert_eq!(site.put(instance_id, name, content).status, 201);
        }
        assert_eq!(site.on_disk().len(), 3, "equal content is kept once");
        let erase =
            json!({"whose": {"survey": "visit", "instance_id": "uuid:1"}, "scope": "personal", "reason": "request 9"});
        let erased = site
            .app
            .post(&site.app.token(Role::Administrator), "/api/v1/privacy/erasures", &erase);
        assert_eq!(
            (erased.status, &erased.json()["places"]["attachments"]),
            (201, &json!(1)),
            "{}",
            erased.text()
        );
        let mut left = [place(&photo), place(shared)];
        left.sort();
        assert_eq!(site.on_disk(), left, "the signature is gone at once");
        assert_eq!(site.states("uuid:1"), [("/photo".to_owned(), "received".to_owned())]);

        // All files of a response at once, for whoever erases it.
        let unneeded = site.app.store.erase_attachments("visit", "uuid:2", Utc::now()).unwrap();
        assert_eq!(
            unneeded,
            [Fingerprint::of_bytes(shared)],
            "the photograph is also another's"
        );
        let past = Utc::now() - TimeDelta::days(7);
        assert_eq!(
            prune_contents(&site.app.store, &site.contents(), past, Utc::now())
                .unwrap()
                .contents,
            1
        );
        assert_eq!(site.on_disk(), [place(&photo)]);
    });
}

#[test]
fn two_servers_on_one_database_and_folder_keep_each_file_once() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let same = ContentAddress::Folder(site.folder.path().to_owned());
        let other = TestApp::beside(&database.open(), settings(same, Limits::default()));
        site.submit("uuid:1", json!({"photo": "works.jpg"}));
        site.submit("uuid:2", json!({"photo": "works.jpg"}));
        let photo = jpeg(&"x".repeat(500_000));
        let token = site.token();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                for instance_id in ["uuid:1", "uuid:2"] {
                    for app in [&site.app, &other] {
                        let request = put(instance_id, "works.jpg", &photo).token(&token);
                        scope.spawn(move || {
                            let answer = app.send(&request);
                            assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
                        });
                    }
                }
            }
        });
        assert_eq!(site.on_disk(), [place(&photo)]);
        for app in [&site.app, &other] {
            let read = app.get(&token, &format!("{VISITS}/uuid:2/attachments/works.jpg"));
            assert!(read.status == 200 && read.body == photo);
        }
    });
}

#[test]
fn what_a_killed_server_left_is_removed_in_time_and_nothing_else() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let (store, contents) = (&site.app.store, site.contents());
        site.submit("uuid:1", json!({"photo": "works.jpg"}));
        let photo = jpeg("the works");
        assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
        // Its row, then its content, and no version that refers to it: there the server died.
        let now = Utc::now();
        let left = jpeg("left over");
        let hash = Fingerprint::of_bytes(&left);
        let content = store
            .expect_content(hash, left.len() as u64, "image/jpeg", now)
            .unwrap();
        let expected = kept(store, &content).unwrap();
        let mut receiving = contents.receive(1000).unwrap();
        receiving.take(&left).unwrap();
        contents
            .keep(receiving.finish(FileKind::Picture).unwrap(), expected.key)
            .unwrap();
        // A file on the way, of yesterday.
        let on_the_way = site.folder.path().join("incoming/file-abc");
        std::fs::write(&on_the_way, b"half").unwrap();
        let prune = |until, now| prune_contents(store, &contents, until, now).unwrap();
        let early = prune(now - TimeDelta::days(7), now);
        assert_eq!((early.contents, early.left_over), (0, 0));
        let late = prune(now + TimeDelta::seconds(1), now + TimeDelta::days(2));
        assert_eq!((late.contents, late.bytes, late.left_over), (1, left.len() as u64, 1));
        assert_eq!(site.on_disk(), [place(&photo)]);
        assert!(site.put("uuid:1", "works.jpg", &photo).status == 200);
    });
}

#[test]
fn verifying_finds_what_is_missing_changed_or_unknown() {
    let database = Database::sqlite();
    let site = Site::on(&database.url);
    site.submit(
        "uuid:1",
        json!({"photo": "1.jpg", "report": "2.jpg", "signature": "3.jpg"}),
    );
    let (one, two) = (jpeg("one"), jpeg("two"));
    assert_eq!(site.put("uuid:1", "1.jpg", &one).status, 201);
    assert_eq!(site.put("uuid:1", "2.jpg", &two).status, 201);
    let check = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_innogauge"))
            .args(["attachments", "--database", &database.url, "--set"])
            .arg(format!("attachments={}", site.folder.path().display()))
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, told, _) = check(&["check"]);
    assert_eq!((code, told.as_str()), (Some(0), "2 files, 28 bytes\n"));
    let (_, awaited, _) = check(&["awaited"]);
    assert_eq!(
        awaited, "visit\tuuid:1\t/signature\t-\n",
        "a personal file's name is not told"
    );

    std::fs::remove_file(site.folder.path().join(place(&one))).unwrap();
    let changed = std::fs::read(site.folder.path().join(place(&two))).unwrap();
    std::fs::write(
        site.folder.path().join(place(&two)),
        changed.iter().rev().copied().collect::<Vec<u8>>(),
    )
    .unwrap();
    let stranger = jpeg("of another database");
    let path = site.folder.path().join(place(&stranger));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, &stranger).unwrap();
    let hash = |content: &[u8]| Fingerprint::of_bytes(content);
    let CheckedContents { mut faults, .. } = check_contents(&site.app.store, &site.contents(), true).unwrap();
    faults.sort_by_key(|fault| format!("{fault:?}"));
    assert_eq!(
        faults,
        [
            ContentFault::Changed(hash(&two)),
            ContentFault::Missing(hash(&one)),
            ContentFault::Unknown(hash(&stranger)),
        ]
    );
    let (code, told, errors) = check(&["check"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("1 files that the database does not know of"), "{told}");
    assert!(errors.contains(&format!("{} is missing", sha256(&one))), "{errors}");
    assert!(errors.contains(&format!("{} was changed", sha256(&two))), "{errors}");
    let (_, told, _) = check(&["prune", "--unknown"]);
    assert!(
        told.contains("removed 0 unknown files"),
        "younger than the grace: {told}"
    );
    assert!(site.on_disk().contains(&place(&stranger)));
}

/// A file system of a few megabytes at a path that the server's own process can use, where the tests may mount one.
struct MountedDisk(TempDir);

impl MountedDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
            .arg(folder.path())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder))
    }
}

impl Drop for MountedDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.path()).status().unwrap();
    }
}

#[test]
fn a_full_disk_is_told_and_files_are_taken_again_when_there_is_room() {
    let Some(disk) = MountedDisk::mount() else {
        eprintln!("not tried on a full disk: mounting a small one takes root");
        return;
    };
    let place = ContentAddress::Folder(disk.0.path().join("attachments"));
    let site = Site::at(
        "sqlite::memory:",
        tempfile::tempdir().unwrap(),
        place,
        Limits::default(),
    );
    site.submit("uuid:1", json!({"photo": "works.jpg"}));
    // As it comes and sealed, it takes twice its room for a moment.
    let photo = jpeg(&"x".repeat(2 << 20));
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 5 << 20]).unwrap();
    let full = site.put("uuid:1", "works.jpg", &photo);
    assert_eq!((full.status, full.code().as_str()), (507, "storage_full"));
    assert_eq!(site.files("uuid:1")["missing"], 1);
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(
        site.put("uuid:1", "works.jpg", &photo).status,
        201,
        "nothing of the first attempt takes room"
    );
}

#[test]
fn a_bucket_that_does_not_answer_is_told_and_nothing_is_half_stored() {
    let database = Database::sqlite();
    let token = {
        let site = Site::on(&database.url);
        site.submit("uuid:1", json!({"photo": "works.jpg"}));
        site.token()
    };
    let mut command = serve(&database.url, "127.0.0.1:0");
    // Nobody listens at port 1.
    command
        .args([
            "--set",
            "attachments=s3://survey/files?endpoint=http://127.0.0.1:1&region=us-east-1",
        ])
        .envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")]);
    let server = Process::of(command);
    let ask = |request: Request| send(server.address, &request.token(&token));
    let sent = ask(put("uuid:1", "works.jpg", &jpeg("the works")));
    assert_eq!((sent.status, sent.code().as_str()), (503, "attachments_unavailable"));
    assert!(sent.header("retry-after").is_some());
    let files = ask(Request::new("GET", format!("{VISITS}/uuid:1/attachments"))).json();
    assert_eq!(files["missing"], 1);
}

/// A real peer, where one is named: `INNOGAUGE_TEST_S3=s3://BUCKET?endpoint=…&region=…`, with its secrets in
/// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
#[test]
fn a_bucket_keeps_files_as_a_folder_does() {
    let Ok(bucket) = std::env::var("INNOGAUGE_TEST_S3") else {
        eprintln!("not tried on a bucket: INNOGAUGE_TEST_S3 is not set, see tests/README.md");
        return;
    };
    on_each(|database| {
        let (name, options) = bucket.split_once('?').unwrap();
        let place = format!("{name}/{}?{options}", uuid::Uuid::new_v4());
        let place: ContentAddress = place.parse().unwrap();
        let site = Site::at(
            &database.url,
            tempfile::tempdir().unwrap(),
            place.clone(),
            Limits::default(),
        );
        site.submit(
            "uuid:1",
            json!({"photo": "works.jpg", "signature": "1.jpg", "report": "large.jpg"}),
        );
        // Sent at once, and in parts.
        let (small, large) = (jpeg("the works"), jpeg(&"0123456789".repeat(2_000_000)));
        for (file, content) in [("works.jpg", &small), ("1.jpg", &small), ("large.jpg", &large)] {
            let sent = site.put("uuid:1", file, content);
            assert_eq!(sent.status, 201, "{}", sent.text());
        }
        assert_eq!(site.put("uuid:1", "works.jpg", &small).status, 200);
        let path = format!("{VISITS}/uuid:1/attachments/large.jpg");
        assert!(site.app.get(&site.token(), &path).body == large);
        let part = Request::new("GET", &path)
            .token(&site.token())
            .header("range", "bytes=9999999-19999999");
        assert!(site.app.send(&part).body == large[9_999_999..=19_999_999]);

        let contents = Contents::open(&place).unwrap();
        let checked = check_contents(&site.app.store, &contents, true).unwrap();
        assert_eq!((checked.contents, checked.faults), (2, Vec::new()));
        contents.remove(Fingerprint::of_bytes(&large)).unwrap();
        let checked = check_contents(&site.app.store, &contents, true).unwrap();
        assert_eq!(checked.faults, [ContentFault::Missing(Fingerprint::of_bytes(&large))]);
        assert_eq!(site.app.get(&site.token(), &path).status, 503);
        assert_eq!(
            site.put("uuid:1", "large.jpg", &large).status,
            200,
            "sent again, it is there again"
        );

        let unneeded = site.app.store.erase_attachments("visit", "uuid:1", Utc::now()).unwrap();
        assert_eq!(unneeded.len(), 2);
        let past = Utc::now() - TimeDelta::days(7);
        assert_eq!(
            prune_contents(&site.app.store, &contents, past, Utc::now())
                .unwrap()
                .contents,
            2
        );
        let mut left = 0;
        contents
            .for_each::<ContentError>(|_| {
                left += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(left, 0);
    });
}

#[test]
fn a_file_that_arrives_while_its_answer_is_erased_is_not_kept() {
    let site = Site::on("sqlite::memory:");
    site.submit("uuid:1", json!({"signature": "1.png"}));
    let signature = b"\x89PNG\r\n\x1a\n Li Ming".as_slice();
    let mut connection = Connection::open(site.app.address).unwrap();
    let head = format!(
        "PUT {VISITS}/uuid:1/attachments/1.png HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        site.token(),
        signature.len()
    );
    connection.write(head.as_bytes()).unwrap();
    connection.write(&signature[..10]).unwrap();
    let began = Instant::now();
    while site.on_disk().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing arrives");
        std::thread::sleep(Duration::from_millis(10));
    }
    let erase =
        json!({"whose": {"survey": "visit", "instance_id": "uuid:1"}, "scope": "personal", "reason": "request 9"});
    let administrator = site.app.token(Role::Administrator);
    let erased = site.app.post(&administrator, "/api/v1/privacy/erasures", &erase);
    assert_eq!(erased.status, 201, "{}", erased.text());
    connection.write(&signature[10..]).unwrap();
    assert_eq!(connection.read(false).unwrap().status, 404);
    let later = Utc::now() + TimeDelta::seconds(1);
    prune_contents(&site.app.store, &site.contents(), later, later).unwrap();
    assert_eq!(site.on_disk(), Vec::<String>::new());
}

#[test]
fn files_that_were_acknowledged_survive_kill_9() {
    let database = Database::sqlite();
    let site = Site::on(&database.url);
    let token = site.token();
    let place = format!("attachments={}", site.folder.path().display());
    let mut acknowledged: Vec<(String, Vec<u8>)> = Vec::new();
    for kill in 0..5 {
        let mut command = serve(&database.url, "127.0.0.1:0");
        command.args(["--set", &place]);
        let server = Process::of(command);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut kept = Vec::new();
                for number in 0.. {
                    let instance_id = format!("uuid:{kill}-{number}");
                    let content = jpeg(&format!("{instance_id} ").repeat(8_000));
                    let body = visit(&instance_id, json!({"photo": "works.jpg"}));
                    let requests = [
                        Request::new("POST", VISITS).token(&token).json(&body),
                        put(&instance_id, "works.jpg", &content).token(&token),
                    ];
                    for request in requests {
                        let answer =
                            Connection::open(server.address).and_then(|mut connection| connection.send(&request));
                        match answer {
                            Ok(answer) => assert_eq!(answer.status, 201, "{}", answer.text()),
                            Err(_) => return kept,
                        }
                    }
                    kept.push((instance_id, content));
                }
                kept
            });
            std::thread::sleep(Duration::from_millis(300 + 130 * kill));
            server.signal("-KILL");
            acknowledged.extend(writer.join().unwrap());
        });
    }
    assert!(acknowledged.len() > 5, "only {} files were sent", acknowledged.len());
    for (instance_id, content) in &acknowledged {
        let path = format!("{VISITS}/{instance_id}/attachments/works.jpg");
        assert!(site.app.get(&token, &path).body == *content, "{instance_id}");
    }
    let checked = check_contents(&site.app.store, &site.contents(), true).unwrap();
    assert_eq!(checked.faults, Vec::new());
    let later = Utc::now() + TimeDelta::days(2);
    prune_contents(&site.app.store, &site.contents(), later, later).unwrap();
    assert_eq!(
        site.on_disk().len() as u64,
        checked.contents,
        "what responses have, and nothing else"
    );
}
