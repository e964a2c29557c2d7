// Package cloud is what the scanners of clouds have in common: texts, names, tags
// and attributes as records hold them, who the tags of something name, what of a
// kind comes from which call, how far a reading is, and how calls that came to nothing
// become the status and the reason of a coverage. That of Kubernetes uses its attributes.
//
// It knows no cloud by name: whatever differs comes in as an argument. Nothing here
// reads anything. Memory grows with what callers pass.
package cloud
