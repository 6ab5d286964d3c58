-- Whether a partner's lines must all be read before anything is written (B-14): the database was restored, and no run has
-- read them since. A run in which contracts could not be reached has not. One whose worker fell silent over it has: each
-- line is read once more before it is written.
-- In plpgsql, which keeps its plans: a function in SQL is planned again at each call, to find nearly always that no database
-- was restored.
create or replace function must_reread(whose text) returns boolean stable language plpgsql as $$
begin
    if not exists (select from installation where reread_since is not null) then
        return false;
    end if;
    return not exists (
        select from runs cross join installation
        where runs.partner_id = whose and runs.trigger = 'full_read' and runs.state = 'finished' and runs.all_companies
          and runs.created_at >= installation.reread_since
          and not exists (select from run_companies
                          where run_companies.run_id = runs.run_id
                            and (run_companies.code like 'AUTH-%'
                                 or run_companies.code in ('TEN-01', 'HOST-01', 'NET-01', 'LIM-01'))));
end
$$;
