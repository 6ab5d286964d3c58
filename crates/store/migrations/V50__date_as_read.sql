-- The effective date that a line held when it was read again with our units; null while no reading has shown them.
alter table intents add column effective_date_read date;
alter table journal add column effective_date_read date;
