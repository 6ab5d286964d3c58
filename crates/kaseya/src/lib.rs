//! The Kaseya BMS client: sessions, V2 reads, contract lines read and written, errors with their class.
