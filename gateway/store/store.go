// Package store keeps what must survive a restart: accounts and sign-ins, the
// sessions that people made, stream keys, invites, the event and the audit log. It is one
// SQLite file, regie.db, in the data folder.
//
// It guarantees:
//   - A change that returned no error is on the disk (WAL, synchronous=FULL): a
//     kill -9 or a power cut afterwards does not take it back.
//   - A change happens whole, together with its audit entry, or not at all.
//   - Only the file's owner can read it, and no secret is in it, only hashes; except
//     the secrets of webhooks, which sign.
//   - Migrations go forward only, each in a transaction; a file that a newer Regie
//     wrote is refused, not guessed at.
//
// It knows the words of package show and no rule about them: who may do what is
// decided before it is asked. Its users declare the interfaces that it fits.
// Methods may be called from any goroutine; changes wait for one another.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite" // the driver

	"github.com/regie-live/regie/gateway/show"
)

//go:embed migrations/*.sql
var migrations embed.FS

// fileName is within the data folder.
const fileName = "regie.db"

// readers is how many connections read while one writes.
const readers = 4

// Store is open from Open to Close.
type Store struct {
	small together
	write *sql.DB // one connection: SQLite has one writer
	read  *reads
	took  *prometheus.HistogramVec
}

// reads are the connections that read, and how long that takes.
type reads struct {
	*sql.DB
	took prometheus.Observer
}

// Open opens the store in a folder, which is made if need be, and brings it up to
// date.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, err
	}
	s := &Store{took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "regie_store_operation_duration_seconds", Help: "Time of a read or a change, the wait for another change included.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	}, []string{"store", "operation"})}
	if s.write, err = open(path, "synchronous(FULL)", "foreign_keys(1)"); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), s.Close())
	}
	db, err := open(path, "query_only(1)")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.read = &reads{db, s.took.WithLabelValues("sqlite", "read")}
	s.read.SetMaxOpenConns(readers)
	return s, nil
}

// Register exports how long the store takes.
func (s *Store) Register(reg prometheus.Registerer) { reg.MustRegister(s.took) }

// private makes the file, for its owner only; SQLite gives the files beside it
// the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func open(path string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{"busy_timeout(5000)", "journal_mode(WAL)"}, pragmas...)}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true)) // steps that were made beside each other, each for tables of its own
	if err != nil {
		return err
	}
	is, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("this is no store of Regie's, or it is damaged; restore it from a backup, or move it away to begin anew: %w", err)
	}
	if is > known {
		return fmt.Errorf("a newer Regie wrote this store (version %d, this one knows %d); run that one, or restore the backup from before", is, known)
	}
	_, err = p.Up(ctx)
	return err
}

// Close waits for changes under way.
func (s *Store) Close() error {
	var err error
	if s.read != nil {
		err = s.read.Close()
	}
	return errors.Join(err, s.write.Close())
}

// change runs do in a transaction that also writes the audit entry, unless that
// is empty. Whoever asked may hang up: a change that has begun is finished.
func (s *Store) change(ctx context.Context, entry show.AuditEntry, do func(tx) error) error {
	ctx = context.WithoutCancel(ctx)
	defer timed(s.took.WithLabelValues("sqlite", "change"))()
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { _ = t.Rollback() }() // after Commit it does nothing
	x := tx{ctx, t}
	if err := do(x); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if entry.Act != "" {
		if err := x.exec(`INSERT INTO audit (at, by, act, session, of) VALUES (?, ?, ?, ?, ?)`,
			stamp(entry.At), entry.By, entry.Act, entry.Session, entry.Of); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// timed observes the time until what it gives is called.
func timed(took prometheus.Observer) func() {
	began := time.Now()
	return func() { took.Observe(time.Since(began).Seconds()) }
}

// tx is a transaction with its context.
type tx struct {
	ctx context.Context
	*sql.Tx
}

func (t tx) exec(query string, args ...any) error {
	_, err := t.ExecContext(t.ctx, query, args...)
	return err
}

// query reads rows, each with scan.
func query[T any](ctx context.Context, db *reads, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	defer timed(db.took)()
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return all, nil
}

// one is query for what is there once or not at all.
func one[T any](ctx context.Context, db *reads, scan func(row) (T, error), text string, args ...any) (T, bool, error) {
	var none T
	all, err := query(ctx, db, scan, text, args...)
	if err != nil || len(all) == 0 {
		return none, false, err
	}
	return all[0], true, nil
}

// row is what sql.Row and sql.Rows have in common.
type row interface{ Scan(...any) error }

// stamp is how a time is kept: milliseconds, 0 for none.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment scans a stamp.
type moment struct{ to *time.Time }

func (m moment) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is kept as %T", v)
	}
	*m.to = time.Time{}
	if ms != 0 {
		*m.to = time.UnixMilli(ms).UTC()
	}
	return nil
}

// secret scans a hash.
type secret struct{ to *show.SecretHash }

func (s secret) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || copy(s.to[:], b) != len(s.to) {
		return fmt.Errorf("a hash is kept as %T of the wrong length", v)
	}
	return nil
}

// orNull is for a reference that may be none.
func orNull[S ~string](s S) any {
	if s == "" {
		return nil
	}
	return string(s)
}
