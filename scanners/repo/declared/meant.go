package declared

import "strings"

// meant reports whether a file is surely there to declare something, so that
// not being able to read it is a loss. Test data is broken on purpose often
// enough, and most YAML and many editors' settings declare nothing.
func (f File) meant() bool {
	if isSample(f.Path) {
		return false
	}
	switch familyOf(f.Path) {
	case familyActions, familyGitLab, familyTerraform:
		return true
	case familyAgent:
		editor := strings.HasSuffix(strings.ToLower(f.Path), ".vscode/settings.json") || strings.HasSuffix(strings.ToLower(f.Path), ".zed/settings.json")
		return !editor || serversWord().Match(f.Content)
	case familyKubernetes:
		return manifestForm().Match(f.Content)
	case familyNone:
	}
	return false
}

// isSample reports whether a path lies in a directory of test data, by the
// names that languages and test tools give those.
func isSample(filePath string) bool {
	parts := strings.Split(strings.ToLower(filePath), "/")
	for _, part := range parts[:len(parts)-1] {
		switch strings.Trim(part, "_") {
		case "testdata", "test-data", "test_data", "fixture", "fixtures", "test-fixtures", "test_fixtures", "testfixtures",
			"mocks", "snapshots", "golden":
			return true
		}
	}
	return false
}
