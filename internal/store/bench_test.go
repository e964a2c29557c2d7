package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// fileSize returns the size of a store in bytes.
func fileSize(t testing.TB, s *Store) float64 {
	t.Helper()
	info, err := os.Stat(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return float64(info.Size())
}

// TestGrowth holds the store to its promise: what a further snapshot costs
// depends on what changed, and little on what did not.
func TestGrowth(t *testing.T) {
	grow := func(n, changed, day int) float64 {
		s := open(t, filepath.Join(t.TempDir(), "muster.db"))
		save(t, s, meta(0), build(t, estateOptions{n: n}))
		before := fileSize(t, s)
		save(t, s, meta(1), build(t, estateOptions{n: n, day: day, changed: changed}))
		return (fileSize(t, s) - before) / before
	}
	if got := grow(3000, 0, 0); got > 0.01 {
		t.Errorf("a second snapshot of an unchanged estate adds %.3f of the first", got)
	}
	if got := grow(3000, 0, 1); got > 0.10 {
		t.Errorf("a second snapshot in which only last uses moved adds %.3f of the first", got)
	}
	if got := grow(3000, 150, 0); got > 0.03 {
		t.Errorf("a second snapshot with one identity in twenty changed adds %.3f of the first", got)
	}
}

func BenchmarkSave(b *testing.B) {
	for _, n := range []int{2_000, 20_000} {
		b.Run(fmt.Sprintf("records=%d", 5*n), func(b *testing.B) {
			first, second := build(b, estateOptions{n: n}), build(b, estateOptions{n: n, changed: n / 20, day: 1})
			b.ReportAllocs()
			for b.Loop() {
				s := open(b, filepath.Join(b.TempDir(), "muster.db"))
				save(b, s, meta(0), first)
				before := fileSize(b, s)
				save(b, s, meta(1), second)
				b.ReportMetric(before/float64(5*n), "file-B/record")
				b.ReportMetric((fileSize(b, s)-before)/before, "growth")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(10*n), "ns/record")
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{2_000, 20_000} {
		b.Run(fmt.Sprintf("records=%d", 5*n), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "muster.db"))
			save(b, s, meta(0), build(b, estateOptions{n: n}))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Load(context.Background(), "latest"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(5*n), "ns/record")
		})
	}
}
