package report

import (
	"fmt"
	"slices"
	"strings"
)

// Formats returns the formats in the order in which help lists them.
func Formats() []Format {
	return []Format{
		{Name: "table", Title: "for people at a terminal", Ext: []string{".txt"}, Write: writeTable},
		{Name: "json", Title: "one versioned document with everything in it", Ext: []string{".json"}, Write: writeJSON},
		{Name: "jsonl", Title: "one record a line: records, relations, findings; replay reads it", Ext: []string{".jsonl", ".ndjson"}, Write: writeJSONL},
		{Name: "csv", Title: "the population: one row per identity and credential", Ext: []string{".csv"}, Write: writeCSV},
		{Name: "csv-findings", Title: "one row per finding", Ext: []string{".findings.csv"}, Write: writeCSVFindings},
		{Name: "sarif", Title: "SARIF 2.1.0 for code hosts and trackers; choose one with --sarif-profile", Ext: []string{".sarif", ".sarif.json"}, Write: writeSARIF},
		{Name: "html", Title: "one self-contained page for people who decide", Ext: []string{".html", ".htm"}, Write: writeHTML},
		{Name: "markdown", Title: "a summary for a pull request or a job", Ext: []string{".md"}, Write: writeMarkdown},
	}
}

// Lookup returns the format of that name, or the one that a file of that name
// has by its ending (the longest ending wins). The error says what was
// probably meant and which formats there are.
func Lookup(nameOrFile string) (Format, error) {
	formats := Formats()
	for _, f := range formats {
		if f.Name == nameOrFile {
			return f, nil
		}
	}
	var best Format
	length := 0
	for _, f := range formats {
		for _, ext := range f.Ext {
			if len(ext) > length && len(nameOrFile) > len(ext) && strings.HasSuffix(strings.ToLower(nameOrFile), ext) {
				best, length = f, len(ext)
			}
		}
	}
	if length > 0 {
		return best, nil
	}
	return Format{}, unknownFormat(nameOrFile, formats)
}

func unknownFormat(name string, formats []Format) error {
	names := make([]string, 0, len(formats))
	for _, f := range formats {
		names = append(names, f.Name)
	}
	list := strings.Join(names, ", ")
	if near := nearest(strings.ToLower(name), names); near != "" {
		return fmt.Errorf("unknown format %q: did you mean %q? (formats: %s)", name, near, list)
	}
	return fmt.Errorf("unknown format %q (formats: %s)", name, list)
}

// nearest returns the name that takes the fewest edits to reach, if they are
// few for its length, and else nothing.
func nearest(name string, names []string) string {
	best, least := "", 3
	for _, candidate := range slices.Sorted(slices.Values(names)) {
		if d := edits(name, candidate); d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
