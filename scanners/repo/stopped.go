package repo

import (
	"slices"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// placeStopped gives a place to what a stopped scan had found and had not yet
// placed: the path that it has in the index or on disk, or else the object
// itself. Nothing is asked of git any more.
func (j *job) placeStopped() {
	for _, path := range sortedKeys(j.indexFiles) {
		id := j.indexFiles[path]
		if j.objects[id] == nil || j.placed[id] {
			continue
		}
		j.placed[id] = true
		for _, list := range j.visible(j.objects[id], path, "") {
			j.place(list, where{path: path})
		}
	}
	_ = j.placeFiles() // it cannot fail, and the scan has failed already
	var rest []git.ID
	for id := range j.objects {
		if !j.placed[id] {
			rest = append(rest, id)
		}
	}
	slices.SortFunc(rest, git.ID.Compare)
	for _, id := range rest {
		j.placeText(id, where{path: "git/object/" + id.String(), via: "object; the scan was stopped before its path was known"})
	}
}
