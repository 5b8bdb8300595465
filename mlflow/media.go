package mlflow

// MediaFilesRequest requests the media files of runs, at most 50.
type MediaFilesRequest struct {
	RunIDs []string `json:"run_ids"`
}

// MediaFiles lists files of a run that can be pictures, figures, tables, sound or film and
// have a number in their paths, which can be a step. Bounded says that the run has more than
// 20,000 files, of which the first ones by path were looked at, or more than 5,000 media
// files. Error says why the files cannot be listed.
type MediaFiles struct {
	RunID   string     `json:"run_id"`
	Files   []FileInfo `json:"files,omitempty"`
	Bounded bool       `json:"bounded,omitempty"`
	Error   string     `json:"error,omitempty"`
}

// MediaFilesResponse has the files of each run of the request.
type MediaFilesResponse struct {
	Runs []MediaFiles `json:"runs,omitempty"`
}
