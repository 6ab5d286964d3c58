-- A job that is put off, or no longer is, stays in its state: pages that show what it waits for are told all the same.
create trigger jobs_put_off_told after update on jobs for each row
    when (old.state = new.state and (old.not_before, old.deferred_code) is distinct from (new.not_before, new.deferred_code))
    execute function tell_portal();
