-- Kaseya's own words stand apart from ours, so that pages can show them as a quotation in their own language.
alter table statuses add column kaseya_says text;
