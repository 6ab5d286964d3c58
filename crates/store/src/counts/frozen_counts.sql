-- A frozen count stands: a correction is a row of its own.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% rows never change: a correction is a row of its own', tg_table_name
        using errcode = 'restrict_violation';
end
$$;
create or replace trigger frozen_counts_stand before update or delete on frozen_counts
    for each row execute function refuse_change();
create or replace trigger frozen_counts_stay before truncate on frozen_counts
    for each statement execute function refuse_change();
