from __future__ import annotations

from django.urls import URLPattern, path

from reports.entry.views import (
    activities,
    activity_list,
    cells,
    editions,
    evidence,
    moves,
    panel,
    review,
    sending,
    sheet,
    units,
    work,
    workbook,
)

app_name = "entry"

urlpatterns: list[URLPattern] = [
    path("bao-cao/<int:pk>/", sheet.report, name="report"),
    path("bao-cao/o/", cells.cells, name="cells"),
    path("bao-cao/<int:pk>/thu/", cells.preview, name="preview"),
    path("bao-cao/<int:pk>/moi/", cells.news, name="news"),
    path("bao-cao/<int:pk>/o/<int:indicator>/", panel.cell, name="cell"),
    path("bao-cao/<int:pk>/don-vi/<int:indicator>/", units.units, name="units"),
    # Before sending: does it make sense?
    path("bao-cao/<int:pk>/gui/", sending.send, name="send"),
    # Activities and evidence.
    path("bao-cao/<int:pk>/hoat-dong/", activities.activities, name="activities"),
    path("bao-cao/<int:pk>/hoat-dong/excel/", activity_list.activities_out, name="activities_out"),
    path(
        "bao-cao/<int:pk>/hoat-dong/excel/nhap/", activity_list.activities_in, name="activities_in"
    ),
    path(
        "bao-cao/<int:pk>/hoat-dong/<int:activity>/xoa/",
        activities.activity_remove,
        name="activity_remove",
    ),
    path("bao-cao/<int:pk>/chung-cu/", evidence.evidence, name="evidence"),
    path("chung-cu/<int:pk>/", evidence.evidence_file, name="evidence_file"),
    path("chung-cu/<int:pk>/xoa/", evidence.evidence_remove, name="evidence_remove"),
    path("viec-can-lam/", work.work, name="work"),
    path("bao-cao/duyet/", moves.approve_many, name="approve_many"),
    path("bao-cao/<int:pk>/duyet/", moves.approve, name="approve"),
    path("bao-cao/<int:pk>/tra-lai/", moves.send_back, name="send_back"),
    path("bao-cao/<int:pk>/mo-lai/", moves.reopen, name="reopen"),
    path("bao-cao/<int:pk>/o/<int:indicator>/tra-lai/", review.return_figure, name="return_figure"),
    path("bao-cao/<int:pk>/o/<int:indicator>/gui-lai/", review.answer, name="answer_figure"),
    path("bao-cao/<int:pk>/o/<int:indicator>/chap-nhan/", review.accept, name="accept_figure"),
    path("bao-cao/<int:pk>/o/<int:indicator>/y-kien/", review.comment, name="comment_figure"),
    path("bao-cao/<int:pk>/ban/<int:number>/", editions.edition, name="edition"),
    path("bao-cao/<int:pk>/lich-su/", editions.history, name="history"),
    # Excel, out and back.
    path("bao-cao/<int:pk>/excel/", workbook.workbook_out, name="workbook_out"),
    path("bao-cao/<int:pk>/excel/nhap/", workbook.workbook_in, name="workbook_in"),
    path("nhap-excel/<int:pk>/", workbook.import_page, name="import"),
    path("nhap-excel/<int:pk>/ban-danh-dau/", workbook.import_annotated, name="import_annotated"),
]
