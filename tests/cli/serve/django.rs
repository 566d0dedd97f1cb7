//! The README's receiver of signals, in a Django project that posts to the service.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Service, serving};
use crate::cli::{processes::blocking, support::proxy};

const README: &str = include_str!("../../../README.md");

/// A project whose only model is a sale.
const PROJECT: &str = r#"
import sys
from decimal import Decimal

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["shop.apps.ShopConfig"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.core.management import call_command
from django.db import transaction
from shop.models import Sale

call_command("migrate", run_syncdb=True, verbosity=0)
with transaction.atomic():
    sale = Sale.objects.create(quantity=3, price=Decimal("10.50"))
try:
    with transaction.atomic():
        Sale.objects.create(quantity=4, price=Decimal("1.00"))
        raise RuntimeError
except RuntimeError:
    pass
sale.quantity = 5
sale.save()
sale.delete()
"#;

const MODELS: &str = "
from django.db import models


class Sale(models.Model):
    quantity = models.IntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
";

const APPS: &str = r#"
from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        import shop.signals
"#;

/// Django 4.2, fetched once with the versions that the vectors were made with; none where it
/// cannot be.
fn django() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("django-4.2");
    if folder.join("django").is_dir() {
        return Some(folder);
    }
    let parts = folder.with_extension(format!("part-{}", std::process::id()));
    let requirements =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/django/requirements.txt");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--target"])
        .arg(&parts)
        .arg("--requirement")
        .arg(requirements);
    let is_there = pip.output().is_ok_and(|output| output.status.success());
    // Another test process may have been quicker.
    is_there.then(|| std::fs::rename(&parts, &folder).ok());
    folder.join("django").is_dir().then_some(folder)
}

fn receiver(url: &str) -> String {
    let behind = README.split("```python\n").nth(1).unwrap();
    let code = behind.split("```").next().unwrap();
    code.replace("http://127.0.0.1:8090", url)
}

fn configuration(rest_url: &str) -> Value {
    let mut config = serving(rest_url);
    config["triggers"] = json!({
        "models": {"shop.sale": {"price": "decimal"}},
        "triggers": [{
            "config_signals": ["post_save", "post_delete"],
            "content_types": ["shop.sale"],
            "msg_broker_queues": [{"name": "kafka_1"}],
            "payload": "{{ event.signal }} {{ id }} {{ quantity }} {{ price }} {{ event.created }}",
        }],
    });
    config
}

fn run_project(django: &Path, url: &str) {
    let project = TempDir::new().unwrap();
    let shop = project.path().join("shop");
    std::fs::create_dir(&shop).unwrap();
    for (name, text) in [
        ("__init__.py", ""),
        ("models.py", MODELS),
        ("apps.py", APPS),
        ("signals.py", &receiver(url)),
    ] {
        std::fs::write(shop.join(name), text).unwrap();
    }
    std::fs::write(project.path().join("project.py"), PROJECT).unwrap();
    let output = Command::new("python3")
        .arg("project.py")
        .current_dir(project.path())
        .env("PYTHONPATH", django)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_django_project_posts_what_its_transactions_committed() {
    let Some(django) = blocking(django).await else {
        eprintln!("skipped: pip cannot fetch Django");
        return;
    };
    let proxy = proxy().await;
    let config = configuration(&proxy.url());
    blocking(move || {
        let mut service = Service::start(&config);
        run_project(&django, service.url());
        service.running.signal("-TERM");
        let output = service.running.end();
        assert!(output.status.success(), "{output:?}");
    })
    .await;
    let records = proxy.records("sales");
    let values = records.iter().map(|record| {
        let value = record.value.as_deref().unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    });
    let mut values: Vec<String> = values.collect();
    values.sort();
    assert_eq!(
        values,
        [
            "post_delete 1 5 10.50 ",
            "post_save 1 3 10.50 True",
            "post_save 1 5 10.50 False",
        ]
    );
}
