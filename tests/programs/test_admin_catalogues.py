"""The administration of catalogues and plans: who meets which rows, and what a form refuses."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse

from programs.access import Role
from programs.forms import MoneyField, VietnameseDecimalField, VietnameseIntegerField
from programs.models import (
    Activity,
    Indicator,
    Organisation,
    Participation,
    Province,
    Target,
    TargetVersion,
)
from tests.factories import (
    ActivityFactory,
    ContentGroupFactory,
    IndicatorFactory,
    LegalDocumentFactory,
    MembershipFactory,
    OrganisationFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    TargetFactory,
    TargetVersionFactory,
)

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def page(model, name="changelist", row=None):
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[row.pk] if row else [])


def autocomplete(client, model, field, term=""):
    return client.get(
        reverse("admin:autocomplete"),
        {
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name,
            "field_name": field,
            "term": term,
        },
    )


def found(client, model, field, term=""):
    return [row["text"] for row in autocomplete(client, model, field, term).json()["results"]]


def listed(client, model, **params):
    return list(client.get(page(model), params).context["cl"].result_list)


def no_rows(prefix):
    return {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}


def said(response):
    """The words of a page, without its tags."""
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def keeper(an_giang):
    """Administers An Giang only."""
    return MembershipFactory.create(role=Role.ADMINISTRATOR.value, province=an_giang).user


@pytest.fixture
def of_hanoi(hanoi):
    """One row of Hà Nội for each model of plans and catalogues that belongs to a province."""
    program = ProgramFactory.create(province=hanoi)
    target = TargetFactory.create(
        program=program, indicator=IndicatorFactory.create(province=hanoi)
    )
    TargetVersionFactory.create(target=target, status="registered")
    return [
        program,
        target,
        target.indicator,
        ActivityFactory.create(program=program),
        OrganisationFactory.create(province=hanoi),
        LegalDocumentFactory.create(province=hanoi),
        hanoi,
    ]


# The door


@pytest.mark.parametrize("who", ["staff", "manager", "outsider", "national_viewer"])
@pytest.mark.parametrize("name", ["admin:index", "admin:autocomplete", "admin:jsi18n"])
def test_nobody_but_administrators_gets_past_the_door(client, request, who, name):
    client.force_login(request.getfixturevalue(who))

    response = client.get(reverse(name), follow=True)

    assert response.status_code == 403


@pytest.mark.parametrize("who", ["staff", "manager", "outsider", "national_viewer"])
def test_no_list_or_form_opens_for_those_who_administer_nothing(client, request, who):
    client.force_login(request.getfixturevalue(who))

    answers = {
        client.get(page(model, name), follow=True).status_code
        for model in MODELS
        for name in ("changelist", "add")
    }

    assert answers == {403}


def test_an_anonymous_person_is_sent_to_our_own_sign_in_and_back(client):
    wanted = page(Province)

    last_address, _status = client.get(wanted, follow=True).redirect_chain[-1]

    assert last_address == f"{reverse('accounts:sign_in')}?next={wanted}"


def test_the_admin_takes_no_password_of_its_own(client, administrator):
    administrator.set_password("mat-khau-rat-dai-1")
    administrator.save()

    client.post(
        reverse("admin:login"),
        {"username": administrator.username, "password": "mat-khau-rat-dai-1"},
    )

    assert "_auth_user_id" not in client.session


def test_signing_out_needs_a_post_and_leads_to_our_sign_in(client, administrator):
    client.force_login(administrator)

    by_link = client.get(reverse("admin:logout"))
    by_button = client.post(reverse("admin:logout"))

    assert by_link.status_code == 405
    assert by_button.url == reverse("accounts:sign_in")
    assert "_auth_user_id" not in client.session


def test_the_index_names_every_model_of_ours_once_and_none_of_a_package(client, administrator):
    client.force_login(administrator)

    groups = client.get(reverse("admin:index")).context["app_list"]

    shown = sorted(row["model"]._meta.label for group in groups for row in group["models"])
    assert shown == [model._meta.label for model in MODELS]
    assert {label.split(".")[0] for label in shown} == {"accounts", "programs", "reports"}


# Two provinces


@pytest.mark.parametrize("name", ["change", "delete", "history"])
def test_a_row_of_another_province_does_not_exist_for_an_administrator(
    client, keeper, of_hanoi, name
):
    client.force_login(keeper)

    answers = {
        type(row).__name__: {
            client.get(page(type(row), name, row)).status_code,
            client.post(page(type(row), name, row), {"post": "yes"}).status_code,
        }
        for row in of_hanoi
    }

    # A page that never deletes or writes its rows says 403 whichever row is asked for; looking
    # at a history writes nothing, so a POST there is answered like a GET.
    assert all(codes <= {403, 404} for codes in answers.values()), answers
    for row in of_hanoi:
        row.refresh_from_db()


def test_lists_of_an_administrator_hold_their_province_and_the_nation_only(
    client, keeper, of_hanoi, an_giang
):
    mine = IndicatorFactory.create(province=an_giang)
    national = IndicatorFactory.create()
    client.force_login(keeper)

    rows = {type(row): listed(client, type(row)) for row in of_hanoi}

    assert not [row for row in of_hanoi if row in rows[type(row)]]
    assert rows[Indicator] == sorted([mine, national], key=lambda row: row.sort_key)
    assert rows[Province] == [an_giang]


def test_every_list_opens_for_the_administrator_of_the_nation(client, administrator, of_hanoi):
    client.force_login(administrator)

    assert not [row for row in of_hanoi if row not in listed(client, type(row))]
    assert {client.get(page(model)).status_code for model in MODELS} == {200}


def test_every_list_and_form_opens_for_the_administrator_of_a_province(client, keeper):
    client.force_login(keeper)

    answers = {
        (model.__name__, name): client.get(page(model, name)).status_code
        for model in MODELS
        for name in ("changelist", "add")
    }

    machine = {"JobRun", "RecomputeMark"}
    assert {
        name for (name, kind), code in answers.items() if code == 403 and kind == "changelist"
    } == machine
    assert {name for (name, kind), code in answers.items() if code == 200 and kind == "add"} == {
        "Activity",
        "Indicator",
        "LegalDocument",
        "Organisation",
        "Program",
        "Report",
        "Target",
        "User",
    }


def test_a_province_plans_its_own_target_on_a_national_indicator(client, keeper, an_giang):
    program = ProgramFactory.create(province=an_giang)
    indicator = IndicatorFactory.create()
    client.force_login(keeper)

    client.post(
        page(Target, "add"),
        {
            "program": program.pk,
            "indicator": indicator.pk,
            "province": an_giang.pk,
            "period": program.stage.pk,
            "versions-TOTAL_FORMS": 1,
            "versions-INITIAL_FORMS": 0,
            "versions-0-status": "assigned",
            "versions-0-shape": "at_least",
            "versions-0-lower": "1.250",
        },
    )

    version = TargetVersion.objects.get()
    assert (version.target.province, version.number, version.lower) == (an_giang, 1, Decimal(1250))


def test_an_administrator_keeps_the_rows_of_predecessors(client, an_giang, keeper):
    type(an_giang).objects.filter(pk=an_giang.pk).update(valid_from=date(2025, 7, 1))
    kien_giang = ProvinceFactory.create(
        name="Kiên Giang", valid_to=date(2025, 6, 30), successor=an_giang
    )
    old_activity = ActivityFactory.create(program__province=kien_giang)
    client.force_login(keeper)

    assert listed(client, Activity) == [old_activity]
    assert client.get(page(Activity, "change", old_activity)).context["has_change_permission"]


@pytest.mark.parametrize("make", [IndicatorFactory, LegalDocumentFactory, ContentGroupFactory])
def test_national_rows_are_read_only_for_a_province(client, keeper, make):
    row = make()
    client.force_login(keeper)
    change = page(type(row), "change", row)

    assert client.get(change).context["has_change_permission"] is False
    assert client.post(change, {}).status_code == 403
    assert client.get(page(type(row), "delete", row)).status_code == 403


def test_a_province_does_not_rewrite_its_own_borders(client, keeper, an_giang):
    client.force_login(keeper)

    assert client.get(page(Province, "change", an_giang)).status_code == 200
    assert client.post(page(Province, "change", an_giang), {}).status_code == 403
    assert client.get(page(Province, "add")).status_code == 403


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (Activity, "program"),
        (Activity, "province"),
        (Activity, "documents"),
        (Target, "indicator"),
        (Participation, "organisation"),
    ],
)
def test_autocomplete_never_offers_rows_of_another_province(client, keeper, of_hanoi, model, field):
    client.force_login(keeper)
    theirs = {str(row) for row in of_hanoi}

    assert not theirs & set(found(client, model, field))


def test_a_row_is_not_handed_to_another_province(client, keeper, an_giang, hanoi):
    organisation = OrganisationFactory.create(province=an_giang)
    client.force_login(keeper)

    response = client.post(
        page(type(organisation), "change", organisation),
        {"name": organisation.name, "kind": "enterprise", "province": hanoi.pk},
    )

    organisation.refresh_from_db()
    assert organisation.province == an_giang
    assert "province" in response.context["adminform"].form.errors


def test_a_province_makes_no_national_row(client, keeper):
    client.force_login(keeper)

    response = client.post(
        page(Indicator, "add"),
        {
            "name": "Số lớp",
            "unit": "lớp",
            "code": "so-lop",
            "section": "outcome",
            "position": "1",
            "aggregation": "flow",
            "entry_mode": "period",
            "direction": "higher",
            "decimals": "0",
            "minimum_base": "5",
        },
    )

    assert "province" in response.context["adminform"].form.errors
    assert not Indicator.objects.exists()


def test_saving_keeps_a_related_row_that_could_not_be_chosen_anew(client, keeper, an_giang, hanoi):
    elsewhere = OrganisationFactory.create(province=hanoi)
    moved = OrganisationFactory.create(province=an_giang, successor=elsewhere)
    client.force_login(keeper)

    client.post(
        page(type(moved), "change", moved),
        {
            "name": "Tên mới",
            "kind": moved.kind,
            "province": an_giang.pk,
            "successor": elsewhere.pk,
        },
    )

    moved.refresh_from_db()
    assert (moved.name, moved.successor) == ("Tên mới", elsewhere)


def test_no_action_works_on_many_rows_at_once(client, administrator):
    indicator = IndicatorFactory.create()
    client.force_login(administrator)

    client.post(
        page(Indicator),
        {"action": "delete_selected", "_selected_action": indicator.pk, "post": "yes"},
    )

    assert Indicator.objects.filter(pk=indicator.pk).exists()


def test_a_filter_offers_only_what_the_list_has(client, administrator, hanoi, an_giang):
    OrganisationFactory.create(province=hanoi)
    OrganisationFactory.create(province=an_giang)
    ProvinceFactory.create(name="Cà Mau")
    client.force_login(administrator)

    filters = client.get(page(Organisation)).context["cl"].filter_specs

    (by_province,) = [one for one in filters if one.title == "tỉnh"]
    assert [label for _value, label in by_province.lookup_choices] == ["An Giang", "Hà Nội"]


def test_an_address_cannot_probe_columns_behind_a_relation(client, keeper, of_hanoi):
    client.force_login(keeper)

    response = client.get(page(Activity), {"program__document__number__startswith": "1"})

    assert response.status_code == 400


# Search


@pytest.mark.parametrize("typed", ["da nang", "Đà Nẵng", "ĐÀ NẴNG", "nang da"])
def test_a_search_needs_no_accents_and_takes_any(client, administrator, typed):
    da_nang = ProvinceFactory.create(name="Đà Nẵng")
    ProvinceFactory.create(name="Điện Biên")
    client.force_login(administrator)

    assert listed(client, Province, q=typed) == [da_nang]
    assert found(client, Activity, "province", typed) == ["Đà Nẵng"]


def test_a_document_is_found_by_its_number_without_accents(client, administrator):
    document = LegalDocumentFactory.create(number="2613/QĐ-UBND")
    LegalDocumentFactory.create()
    client.force_login(administrator)

    assert listed(client, type(document), q="2613/qd") == [document]


def test_a_target_is_found_by_its_indicator(client, administrator):
    target = TargetFactory.create(indicator__name="Đào tạo nghề, truyền nghề")
    TargetFactory.create()
    client.force_login(administrator)

    assert listed(client, Target, q="dao tao") == [target]


def test_provinces_are_listed_in_vietnamese_order(client, administrator):
    for name in ("Đắk Lắk", "Điện Biên", "Cà Mau", "Lâm Đồng", "Đà Nẵng"):
        ProvinceFactory.create(name=name)
    client.force_login(administrator)

    names = [province.name for province in listed(client, Province)]

    assert names == ["Cà Mau", "Đà Nẵng", "Đắk Lắk", "Điện Biên", "Lâm Đồng"]


# Numbers


@pytest.mark.parametrize(
    ("typed", "read"), [("1.250", 1250), ("22,6", Decimal("22.6")), ("1.000", 1000), ("", None)]
)
def test_a_decimal_is_read_the_vietnamese_way(typed, read):
    assert VietnameseDecimalField(required=False, decimal_places=6).clean(typed) == read


@pytest.mark.parametrize("field", [VietnameseIntegerField, MoneyField])
def test_a_thousand_đồng_is_never_one_đồng(field):
    assert field().clean("1.000") == 1000
    assert forms.IntegerField().clean("1.000") == 1  # what Django would have stored


def test_an_english_decimal_is_refused_with_both_readings():
    with pytest.raises(ValidationError, match="1,25 hay 125"):
        VietnameseDecimalField(decimal_places=6).clean("1.25")


def test_a_stored_number_is_shown_as_it_can_be_typed_again():
    field = VietnameseDecimalField(decimal_places=6)

    shown = field.prepare_value(Decimal("1250.500000"))

    assert shown == "1.250,5"
    assert not field.has_changed(Decimal("1250.500000"), shown)


# Targets and their versions


def version_form(target, **fields):
    form = {
        **no_rows("versions-2"),
        "versions-TOTAL_FORMS": target.versions.count(),
        "versions-INITIAL_FORMS": target.versions.count(),
        "versions-2-TOTAL_FORMS": 1,
        "versions-2-0-shape": "exact",
        **{f"versions-2-0-{name}": value for name, value in fields.items()},
    }
    for n, version in enumerate(target.versions.order_by("number")):
        form |= {f"versions-{n}-id": version.pk, f"versions-{n}-target": target.pk}
    return form


def test_a_correction_is_a_new_version_with_the_next_number(client, administrator):
    old = TargetVersionFactory.create()
    document = LegalDocumentFactory.create()
    client.force_login(administrator)

    client.post(
        page(Target, "change", old.target),
        version_form(
            old.target,
            status="revised",
            lower="1.250,5",
            replaces=old.pk,
            documents=[document.pk],
            decided_on="03/11/2018",
        ),
    )

    new = old.target.versions.get(number=2)
    assert (new.lower, new.upper, new.replaces) == (Decimal("1250.5"), Decimal("1250.5"), old)
    assert new.decided_on == date(2018, 11, 3)
    assert list(new.documents.all()) == [document]


def test_a_version_that_was_recorded_is_not_changed_or_deleted(client, administrator):
    version = TargetVersionFactory.create()
    client.force_login(administrator)

    client.post(
        page(Target, "change", version.target),
        {
            **version_form(version.target),
            "versions-2-TOTAL_FORMS": 0,
            "versions-0-lower": "1",
            "versions-0-status": "registered",
            "versions-0-DELETE": "on",
        },
    )

    version.refresh_from_db()
    assert (version.lower, version.status) == (Decimal(50), "assigned")


def test_a_registered_wish_may_be_deleted(client, administrator):
    wish = TargetVersionFactory.create(status="registered")
    client.force_login(administrator)

    client.post(
        page(Target, "change", wish.target),
        {**version_form(wish.target), "versions-2-TOTAL_FORMS": 0, "versions-0-DELETE": "on"},
    )

    assert not TargetVersion.objects.exists()


def test_a_target_with_an_assigned_version_is_not_deleted(client, administrator):
    version = TargetVersionFactory.create()
    client.force_login(administrator)

    response = client.post(page(Target, "delete", version.target), {"post": "yes"})

    assert response.status_code == 403
    assert TargetVersion.objects.filter(pk=version.pk).exists()


def test_what_a_target_is_about_never_changes(client, administrator):
    version = TargetVersionFactory.create()
    other = IndicatorFactory.create()
    client.force_login(administrator)

    client.post(
        page(Target, "change", version.target),
        {
            **version_form(version.target),
            "versions-2-TOTAL_FORMS": 0,
            "indicator": other.pk,
        },
    )

    assert Target.objects.get().indicator != other


def test_a_version_replaces_only_a_version_of_its_own_target(client, administrator):
    old, foreign = TargetVersionFactory.create(), TargetVersionFactory.create()
    client.force_login(administrator)

    response = client.post(
        page(Target, "change", old.target),
        version_form(old.target, status="revised", lower="60", replaces=foreign.pk),
    )

    assert response.status_code == 200
    assert old.target.versions.count() == 1


# Rules of the database


def test_every_broken_rule_is_named_at_once_and_nothing_typed_is_lost(client, administrator, hanoi):
    program = ProgramFactory.create(province=hanoi)
    client.force_login(administrator)

    response = client.post(
        page(Activity, "add"),
        {
            "program": program.pk,
            "province": hanoi.pk,
            "code": "L-01",
            "name": "Lớp mây tre đan",
            "kind": "class",
            "form": "ordinary",
            "state": "stopped",
            "starts_on": "05/03/2018",
            "ends_on": "04/03/2018",
            **no_rows("participations"),
            "funding-TOTAL_FORMS": 1,
            "funding-INITIAL_FORMS": 0,
            "funding-0-phase": "estimated",
            "funding-0-total": "150.000.000",
            "funding-0-national": "1",
            "funding-0-local": "0",
            "funding-0-counterpart": "0",
            "funding-0-other": "0",
        },
    )

    words = said(response)
    assert "Ngày kết thúc phải từ ngày bắt đầu trở đi." in words
    assert "Hoạt động ngừng phải có lý do" in words
    assert "KCQG + KCĐP + đối ứng + khác phải bằng tổng." in words
    assert "Chưa ghi được." in words
    assert not re.search(r"\b(Please|Error|error)\b", words)
    assert response.context["adminform"].form["name"].value() == "Lớp mây tre đan"
    assert 'value="150.000.000"' in response.content.decode()
    assert not Activity.objects.exists()


def test_a_rule_that_only_the_database_sees_is_said_on_the_form(
    client, administrator, hanoi, monkeypatch
):
    """As when two people add the same code in the same second."""
    program = ProgramFactory.create(province=hanoi)
    ActivityFactory.create(program=program, code="L-01")
    client.force_login(administrator)
    monkeypatch.setattr(Activity, "validate_constraints", lambda *args, **kwargs: None)

    response = client.post(
        page(Activity, "add"),
        {
            "program": program.pk,
            "province": hanoi.pk,
            "code": "L-01",
            "name": "Lớp khác",
            "kind": "class",
            "form": "ordinary",
            "state": "registered",
            **no_rows("participations"),
            **no_rows("funding"),
        },
    )

    assert "Tỉnh đã có hoạt động mang mã này trong chương trình." in said(response)
    assert Activity.objects.count() == 1


@pytest.mark.parametrize("code", ["1", "ab", "A1"])
def test_a_province_code_that_is_no_number_is_refused_in_words(client, administrator, code):
    ProvinceFactory.create(code="01")
    client.force_login(administrator)

    response = client.post(
        page(Province, "add"),
        {"code": code, "name": "Mới", "kind": "tỉnh", "region": "V", "valid_from": "01/07/2025"},
    )

    assert "Mã tỉnh gồm hai chữ số, ví dụ 01." in said(response)


# History, words, speed


def test_the_history_of_a_target_says_who_changed_what_from_what(client, administrator):
    target = TargetFactory.create()
    client.force_login(administrator)
    client.post(
        page(Target, "change", target),
        {**version_form(target, status="registered", lower="22,6")},
    )

    entries = client.get(page(Target, "history", target)).context["entries"]

    assert [entry.by for entry in entries] == [administrator.full_name]
    assert ("từ", "—", "22,6") in [
        (change.label, change.before, change.after) for change in entries[0].changes
    ]


PAGES = ["changelist", "add", "change", "history", "delete"]
ENGLISH = re.compile(
    r"\b(ID|Password|password|Delete|Home|Save|History|Search|Filter|Yes|No|All|None|Add|Change|"
    r"View|Error|Show|Hide|Toggle|Select|program|province|period|indicator|unit|event)\b"
)


@pytest.mark.parametrize("name", PAGES)
def test_pages_have_no_inline_code_and_no_english(client, administrator, of_hanoi, name):
    client.force_login(administrator)

    for row in of_hanoi:
        response = client.get(page(type(row), name, row if name not in PAGES[:2] else None))
        html = response.content.decode()
        assert response.status_code in (200, 403), row
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html), row
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert not ENGLISH.findall(re.sub(r"\s+", " ", said(response))), row


@pytest.mark.parametrize(
    "make",
    [
        lambda: TargetVersionFactory.create().target,
        ActivityFactory,
        ProgramFactory,
        OrganisationFactory,
        IndicatorFactory,
        PeriodFactory,
    ],
)
def test_a_list_costs_the_same_queries_whatever_its_length(
    client, administrator, django_assert_num_queries, django_assert_max_num_queries, make
):
    client.force_login(administrator)
    row = make()
    address = page(type(row))
    client.get(address)
    with django_assert_max_num_queries(20) as short:
        client.get(address)

    for _ in range(12):
        make()

    with django_assert_num_queries(len(short)):
        response = client.get(address)
    assert len(response.context["cl"].result_list) == 13


def test_an_activity_with_many_participants_costs_the_same_queries(
    client, administrator, hanoi, django_assert_num_queries, django_assert_max_num_queries
):
    activity = ActivityFactory.create(program__province=hanoi)
    client.force_login(administrator)

    def take_part():
        Participation.objects.create(
            activity=activity,
            organisation=OrganisationFactory.create(province=hanoi),
            role="beneficiary",
            took_part_on=date(2018, 3, 5),
        )

    take_part()
    client.get(page(Activity, "change", activity))
    with django_assert_max_num_queries(40) as few:
        client.get(page(Activity, "change", activity))
    for _ in range(10):
        take_part()

    with django_assert_num_queries(len(few)):
        client.get(page(Activity, "change", activity))
